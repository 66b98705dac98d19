/** Endpoints (and all paths below them) that a shipped plugin serves if it is configured. */
const SERVED_BY = new Map([
  ["/v1/chat/completions", "passthrough"],
  ["/v1/completions", "passthrough"],
  ["/v1/embeddings", "passthrough"],
  ["/tokenize", "passthrough"],
  ["/v1/containers", "code-interpreter"],
  ["/v1/mcp/servers", "mcp"],
]);

/** The shipped plugin that would serve this path, if there is one. */
export function pluginServing(path: string): string | undefined {
  const asked = path.toLowerCase();
  for (const [served, plugin] of SERVED_BY)
    if (asked === served || asked.startsWith(`${served}/`)) return plugin;
  return undefined;
}
