/** Endpoints that clients ask for and that a shipped plugin serves where it is configured, with all below them. */
const SERVED_BY = new Map([
  ["/v1/chat/completions", "passthrough"],
  ["/v1/completions", "passthrough"],
  ["/v1/embeddings", "passthrough"],
  ["/tokenize", "passthrough"],
  ["/v1/containers", "code-interpreter"],
  ["/v1/mcp/servers", "mcp"],
]);

/** The plugin that would serve this path; `undefined` where none that is shipped would. */
export function pluginServing(path: string): string | undefined {
  const asked = path.toLowerCase();
  for (const [served, plugin] of SERVED_BY)
    if (asked === served || asked.startsWith(`${served}/`)) return plugin;
  return undefined;
}
