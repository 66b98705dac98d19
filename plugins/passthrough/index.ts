import { z } from "zod";
import { definePlugin, type Vr } from "../../core/index.ts";
import { type Endpoint, endpointsOf } from "./endpoints.ts";
import { addWarning, pass } from "./pass.ts";

/** The hooks that a guardrail works through: an observer of ended responses alone guards nothing. */
const GUARDING: ReadonlySet<string> = new Set(["beforeUpstream", "onChunk", "onOutputItem", "onToolCall"]);

export const passthroughOptions = z.strictObject({
  /** `POST /v1/chat/completions` */
  chat: z.boolean().default(true),
  /** `POST /v1/embeddings` */
  embeddings: z.boolean().default(false),
  /** `POST /v1/completions` */
  completions: z.boolean().default(false),
  /** `POST /tokenize`, as vLLM and llama.cpp have it */
  tokenize: z.boolean().default(false),
  /** Bytes of a request's body; `limits.bodyBytes` unless said. */
  maxBodyBytes: z.int().positive().optional(),
});

/** Endpoints of model servers that pass through unchanged, for clients that need more than the Responses API. */
export const passthrough = definePlugin({
  name: "passthrough",
  once: true,
  options: passthroughOptions,
  setup(vr, { maxBodyBytes, ...asked }) {
    const endpoints = endpointsOf(asked);
    const limits = maxBodyBytes === undefined ? vr.bodyLimits : { ...vr.bodyLimits, bodyBytes: maxBodyBytes };
    let warning: string | undefined;
    vr.onReady(() => {
      warning = warningOf(vr, endpoints);
      if (warning) vr.log.warn({}, warning);
    });
    for (const { path, forwarded } of endpoints)
      vr.router.post(path, async (ctx) => {
        if (warning) addWarning(ctx, warning);
        const route = (model: string | undefined) => vr.upstreams.route(model);
        await pass(ctx, { forwarded, limits, route, ending: vr.ending, log: vr.log });
      });
  },
});

export default passthrough;

/** `undefined` where no plugin has a hook that these requests pass by. */
function warningOf(vr: Vr, endpoints: readonly Endpoint[]): string | undefined {
  const passedBy = vr.taps().filter(({ hook }) => GUARDING.has(hook));
  if (passedBy.length === 0 || endpoints.length === 0) return undefined;
  const plugins = [...new Set(passedBy.map(({ plugin }) => plugin))].join(", ");
  const paths = endpoints.map(({ path }) => `POST ${path}`).join(", ");
  const passes = endpoints.length === 1 ? "passes" : "pass";
  return `${paths} ${passes} by all hooks: nothing there is seen by ${plugins}`;
}
