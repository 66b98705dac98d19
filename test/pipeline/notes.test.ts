import { describe, expect, it } from "vitest";
import type { ListedItem, StoredItem } from "../../core/index.ts";
import { storeKeyv } from "../../plugins/store-keyv/index.ts";
import { storeSqlite } from "../../plugins/store-sqlite/index.ts";
import { plugin } from "../helpers/both-ways.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { says, scripted } from "../helpers/scripted.ts";

const NOTE = { server: "known-to-the-plugin-alone" };

/** A tool kind that lists itself when the conversation has no list yet, and says what it found. */
function lister() {
  const found: (StoredItem | undefined)[] = [];
  const opened = { type: "mcp_list_tools" as const, server_label: "shelf", tools: [] };
  const listed: ListedItem = {
    idPrefix: "mcpl",
    opened,
    item: opened,
    events: [{ type: "response.mcp_list_tools.in_progress" }, { type: "response.mcp_list_tools.completed" }],
    note: NOTE,
  };
  const kind = plugin("lister", ({ tools }) =>
    tools.kind({
      type: "mcp",
      resolve: (_, { history }) => {
        const known = history.find(({ item }) => item.type === "mcp_list_tools");
        found.push(known);
        return { tools: [], items: known ? [] : [listed] };
      },
    }),
  );
  return { kind, found };
}

const tools = [{ type: "mcp", server_label: "shelf", server_url: "https://shelf.example/mcp" }];

describe.each([
  ["SQLite", storeSqlite],
  ["Keyv", storeKeyv],
])("what a plugin notes beside an item, on %s", (_, store) => {
  const start = async () => {
    const { kind, found } = lister();
    const model = scripted(says("one"), says("two"), says("three"));
    const vr = await startInProcess({ plugins: [model, kind], store: store() });
    return { vr, model, found };
  };

  it("is there in every later response of the conversation", async () => {
    const { vr, found } = await start();
    const first = await vr.post({ tools });
    const second = await vr.stream({ tools, previous_response_id: first.response.id });
    await vr.post({ tools, previous_response_id: second.response.id });
    const noted = expect.objectContaining({ note: NOTE, turn: 0 });
    expect(found).toEqual([undefined, noted, noted]);
  });

  it("is shown to neither clients nor models", async () => {
    const { vr, model } = await start();
    const first = await vr.stream({ tools });
    const second = await vr.stream({ tools, previous_response_id: first.response.id });
    const inputItems = await fetch(`${vr.url}/v1/responses/${second.response.id}/input_items`);
    const seen = [
      first.events,
      second.events,
      (await vr.get(first.response.id)).response,
      await inputItems.json(),
      model.requests,
    ];
    expect(JSON.stringify(seen)).toContain("mcp_list_tools");
    expect(JSON.stringify(seen)).not.toContain(NOTE.server);
  });

  it("does not come along with an item that a client sends or refers to", async () => {
    const { vr, found } = await start();
    const [item] = (await vr.post({ tools })).response.output;
    const message = { role: "user", content: "again" };
    await vr.post({ tools, input: [{ type: "item_reference", id: item?.id }, message] });
    await vr.post({ tools, input: [{ ...item, note: NOTE }, message] });
    for (const known of found.slice(1))
      expect(known).toEqual({ item: expect.objectContaining({ id: item?.id }) });
    expect(found).toHaveLength(3);
  });
});
