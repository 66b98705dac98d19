import { z } from "zod";
import { definePlugin, type Upstream } from "../../core/index.ts";
import { choose } from "./choose.ts";
import { pluginOf, SERVER_KINDS } from "./kinds.ts";

export { type NamedUpstream, namedUpstream } from "./named-upstream.ts";

/** The start banner shows where there are servers. */
function hasNoCredentials(url: string): boolean {
  const address = URL.parse(url);
  return !address || address.username + address.password === "";
}

const place = z
  .strictObject({
    kind: z.enum(SERVER_KINDS),
    /** The usual address of the kind unless said. */
    baseUrl: z
      .url({ protocol: /^https?$/ })
      .refine(hasNoCredentials, "credentials do not belong here; the key is VR_UPSTREAM_API_KEY")
      .optional(),
  })
  .refine(({ kind, baseUrl }) => kind !== "openai-compatible" || baseUrl !== undefined, {
    path: ["baseUrl"],
    error: "servers of this kind have no usual address",
  })
  .refine(({ kind, baseUrl }) => kind !== "demo" || baseUrl === undefined, {
    path: ["baseUrl"],
    error: "the demo is no server",
  });

const ORDER = ["vllm", "ollama", "lm-studio", "llama-cpp", "openai", "demo"] as const;

/** The upstream is the first model server that is found running when the gateway starts. */
export const findServer = definePlugin({
  name: "find-server",
  once: true,
  options: z.object({
    /** Where to look, in the order of preference. */
    places: z
      .array(place)
      .min(1)
      .default(ORDER.map((kind) => ({ kind }))),
    /** Milliseconds that the start waits for those who took the connection. */
    timeoutMs: z.number().int().positive().max(10_000).default(300),
  }),
  async setup(vr, { places, timeoutMs }) {
    if (vr.upstreams.replaced) return;
    const { settings } = vr;
    const { kind, at, notes } = await choose({ places, timeoutMs, settings, env: process.env });
    const plugin = await pluginOf(kind, at);
    const add: typeof vr.upstreams.add = (upstream, ...rest) =>
      vr.upstreams.add(withNotes(upstream, notes), ...rest);
    await plugin.setup({ ...vr, upstreams: { ...vr.upstreams, add } });
  },
});

export default findServer;

function withNotes(upstream: Upstream, notes: readonly string[]): Upstream {
  return { ...upstream, description: [upstream.description, ...notes].join("\n") };
}
