import { z } from "zod";
import { definePlugin, type Vr } from "../../core/index.ts";
import { addWarning, pass } from "./pass.ts";

/** The hooks that a guardrail works through: an observer of ended responses alone guards nothing. */
const GUARDING: ReadonlySet<string> = new Set(["beforeUpstream", "onChunk", "onOutputItem", "onToolCall"]);

/** `POST /v1/chat/completions`, streamed through unchanged, for clients that know no Responses API. */
export const chatPassthrough = definePlugin({
  name: "chat-passthrough",
  once: true,
  options: z.strictObject({
    /** Bytes of a request's body. */
    maxBodyBytes: z.int().positive().default(33_554_432),
  }),
  setup(vr, { maxBodyBytes }) {
    let warning: string | undefined;
    vr.onReady(() => {
      warning = warningOf(vr);
      if (warning) vr.log.warn({}, warning);
    });
    vr.router.post("/v1/chat/completions", async (ctx) => {
      if (warning) addWarning(ctx, warning);
      const route = (model: string | undefined) => vr.upstreams.route(model);
      await pass(ctx, { maxBodyBytes, route, ending: vr.ending, log: vr.log });
    });
  },
});

export default chatPassthrough;

/** `undefined` where no plugin has a hook that these requests pass by. */
function warningOf(vr: Vr): string | undefined {
  const passedBy = vr.taps().filter(({ hook }) => GUARDING.has(hook));
  if (passedBy.length === 0) return undefined;
  const plugins = [...new Set(passedBy.map(({ plugin }) => plugin))].join(", ");
  return `POST /v1/chat/completions passes by all hooks: nothing there is seen by ${plugins}`;
}
