import { z } from "zod";
import { definePlugin, type Vr } from "../../core/index.ts";
import { type Endpoint, endpointsOf } from "./endpoints.ts";
import { addWarning, pass } from "./pass.ts";

/** The hooks that guardrails use. `onComplete` only observes. */
const GUARDING: ReadonlySet<string> = new Set(["beforeUpstream", "onChunk", "onOutputItem", "onToolCall"]);

export const passthroughOptions = z.strictObject({
  /** `POST /v1/chat/completions` */
  chat: z.boolean().default(true),
  /** `POST /v1/embeddings` */
  embeddings: z.boolean().default(false),
  /** `POST /v1/completions` */
  completions: z.boolean().default(false),
  /** `POST /tokenize` of vLLM and llama.cpp */
  tokenize: z.boolean().default(false),
  /** Most bytes of a request's body; defaults to `limits.bodyBytes`. */
  maxBodyBytes: z.int().positive().optional(),
});

/** Passes endpoints of model servers through unchanged, for clients that need more than the Responses API. */
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

/** The warning about hooks that these requests bypass; `undefined` if no plugin has one. */
function warningOf(vr: Vr, endpoints: readonly Endpoint[]): string | undefined {
  const passedBy = vr.taps().filter(({ hook }) => GUARDING.has(hook));
  if (passedBy.length === 0 || endpoints.length === 0) return undefined;
  const plugins = [...new Set(passedBy.map(({ plugin }) => plugin))].join(", ");
  const paths = endpoints.map(({ path }) => `POST ${path}`).join(", ");
  const bypass = endpoints.length === 1 ? "bypasses" : "bypass";
  return `${paths} ${bypass} all hooks: those of ${plugins} do not run`;
}
