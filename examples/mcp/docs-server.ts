import { readdirSync, readFileSync } from "node:fs";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";

const folder = new URL("./docs/", import.meta.url);
const pages = readdirSync(folder).map((name) => ({
  name,
  text: readFileSync(new URL(name, folder), "utf8"),
}));

/** Pages that hold any word of the query, those with the most words first. */
function search(query: string): string {
  const words = query.toLowerCase().match(/\p{L}{4,}/gu) ?? [];
  const found = pages
    .map((page) => ({ ...page, hits: words.filter((word) => page.text.toLowerCase().includes(word)).length }))
    .filter(({ hits }) => hits > 0)
    .sort((a, b) => b.hits - a.hits);
  return (
    found.map(({ name, text }) => `${name}\n\n${text}`).join("\n---\n") || "No page says anything of this."
  );
}

const server = new McpServer({ name: "docs", version: "1.0.0" });
server.registerTool(
  "search_docs",
  {
    description: "Searches the project's documentation.",
    inputSchema: { query: z.string().describe("Words to look for") },
    annotations: { readOnlyHint: true },
  },
  ({ query }) => ({ content: [{ type: "text", text: search(query) }] }),
);
await server.connect(new StdioServerTransport());
