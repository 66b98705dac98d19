import { z } from "zod";
import { definePlugin, type Upstream } from "../../core/index.ts";
import { choose } from "./choose.ts";
import { pluginOf, SERVER_KINDS } from "./kinds.ts";
import { findServerSettings } from "./settings.ts";

export { type NamedUpstream, namedUpstream } from "./named-upstream.ts";
export { namedUpstreamSettings } from "./settings.ts";

/** Whether a URL may be shown: the start banner shows the addresses. */
function hasNoCredentials(url: string): boolean {
  const address = URL.parse(url);
  return !address || address.username + address.password === "";
}

const place = z
  .strictObject({
    kind: z.enum(SERVER_KINDS),
    /** Default: the usual address of the kind. */
    baseUrl: z
      .url({ protocol: /^https?$/ })
      .refine(hasNoCredentials, "credentials do not belong here; the key is VR_UPSTREAM_API_KEY")
      .optional(),
  })
  .refine(({ kind, baseUrl }) => kind !== "openai-compatible" || baseUrl !== undefined, {
    path: ["baseUrl"],
    error: "give one: servers of this kind have no usual address",
  })
  .refine(({ kind, baseUrl }) => kind !== "demo" || baseUrl === undefined, {
    path: ["baseUrl"],
    error: "leave it out: the demo is not a server",
  });

const ORDER = ["vllm", "ollama", "lm-studio", "llama-cpp", "openai", "demo"] as const;

/** Looks for a running model server at the start, and uses the first one found as the upstream. */
export const findServer = definePlugin({
  name: "find-server",
  once: true,
  settings: findServerSettings,
  options: z.object({
    /** Where to look, ordered by preference. */
    places: z
      .array(place)
      .min(1)
      .default(ORDER.map((kind) => ({ kind }))),
    /** Milliseconds that the start waits for answers. */
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
