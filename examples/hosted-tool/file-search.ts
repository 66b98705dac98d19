import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { definePlugin, type Presentation, type ToolResult } from "vr-gateway";
import { z } from "zod";

interface Found {
  filename: string;
  text: string;
}

const NAME = "file_search";

/** `tools: [{"type": "file_search", "vector_store_ids": ["docs"]}]` searches the text files of one folder. */
export const fileSearch = definePlugin({
  name: "file-search",
  options: z.object({ folder: z.string() }),
  setup(vr, { folder }) {
    const files = readdirSync(folder).map((filename) => ({
      filename,
      text: readFileSync(join(folder, filename), "utf8"),
    }));
    vr.tools.kind({
      type: "file_search",
      // The request's entry becomes a function that the model sees.
      resolve: () => ({
        tools: [
          {
            name: NAME,
            description: "Searches the documentation for pages that hold all words of the query.",
            parameters: {
              type: "object",
              properties: { query: { type: "string" } },
              required: ["query"],
              additionalProperties: false,
            },
            present,
            execute: ({ query }) => search(files, String(query)),
          },
        ],
      }),
      // The items of this type are this plugin's: what a model reads of one in a later request, and what a client sees.
      items: ["file_search_call"],
      replay(item) {
        if (item.type !== "file_search_call") return undefined;
        const { id, queries, results } = item;
        return {
          id,
          name: NAME,
          arguments: JSON.stringify({ query: queries?.[0] }),
          output: toText(results),
        };
      },
      mask: (item, include) =>
        item.type === "file_search_call" && !include.has("file_search_call.results")
          ? { ...item, results: null }
          : item,
    });
  },
});

function search(files: readonly Found[], query: string): ToolResult {
  const words = query.toLowerCase().split(/\s+/);
  const results = files.filter(({ text }) => words.every((word) => text.toLowerCase().includes(word)));
  return { kind: "output", output: toText(results), details: { queries: [query], results } };
}

/** What the model reads. */
function toText(results: readonly Partial<Found>[] | null | undefined): string {
  return results?.map(({ filename, text }) => `${filename}\n${text}`).join("\n\n") || "nothing found";
}

/** What the client sees of one call: the item, and the events of its life. */
function present(): Presentation {
  const item = { type: "file_search_call" as const, queries: [], results: null };
  return {
    idPrefix: "fs",
    item: { ...item, status: "in_progress" },
    opened: [{ type: "response.file_search_call.in_progress" }],
    args: () => [],
    ready: () => [{ type: "response.file_search_call.searching" }],
    done(end) {
      if (end.kind === "stopped") return { item: { ...item, status: "incomplete" }, events: [] };
      const details = end.details as { queries: string[]; results: Found[] } | undefined;
      const status = end.kind === "output" ? "completed" : "failed";
      return {
        item: { ...item, status, ...details },
        events: [{ type: "response.file_search_call.completed" }],
      };
    },
  };
}
