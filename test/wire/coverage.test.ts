import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { finish, text } from "../helpers/chunks.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { scripted } from "../helpers/scripted.ts";
import { CLIENT_EVENT_TYPES, EVENT_TYPES, ITEM_TYPES, TOOL_TYPES } from "./api-types.ts";
import { type ByTest, CLIENT_EVENTS, EVENTS, ITEMS, TOOLS } from "./coverage.ts";
import { apiTypesUrl, generateApiTypes } from "./generate-api-types.ts";

const isByTest = (entry: unknown): entry is ByTest =>
  typeof entry === "object" && entry !== null && "test" in entry && "file" in entry;
const gateway = () => startInProcess({ plugins: [scripted([text("hi"), finish()])], store: null });

describe("the table of the API's types", () => {
  it("is typed over what `npm run types` writes", () => {
    expect(readFileSync(apiTypesUrl, "utf8") === generateApiTypes(), "run `npm run types`").toBe(true);
  });

  it.each([
    ["event of a stream or a WebSocket", EVENT_TYPES, EVENTS, "response.compaction.compacting"],
    ["event of a client", CLIENT_EVENT_TYPES, CLIENT_EVENTS, "response.steer"],
    ["item", ITEM_TYPES, ITEMS, "configuration_update"],
    ["tool", TOOL_TYPES, TOOLS, "web_search_2025_08_26"],
  ])("has an entry for every %s", (_, types, table, one) => {
    expect(Object.keys(table).sort()).toEqual([...types]);
    expect(types).toContain(one);
  });

  const tests = [EVENTS, CLIENT_EVENTS, TOOLS].flatMap((table) => Object.values(table)).filter(isByTest);
  it.each([...new Set(tests)].map(({ file, test }) => [file, test]))("names a test: %s, %s", (file, test) => {
    const source = readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
    expect(source).toContain(`it("${test}"`);
  });

  it("gives the events of other files to tests that look for them", () => {
    for (const [type, entry] of Object.entries(EVENTS)) {
      if (!isByTest(entry) || entry.file.startsWith("wire/")) continue;
      const source = readFileSync(new URL(`../${entry.file}`, import.meta.url), "utf8");
      expect(source.slice(source.indexOf(entry.test)).split(/\n\s*it[(.]/)[0], type).toContain(`"${type}"`);
    }
  });
});

describe("an item in the input", () => {
  it.each(Object.entries(ITEMS).filter(([, entry]) => entry === "refused"))(
    "of type %s is a 400 that names it",
    async (type) => {
      const { status, error } = await (await gateway()).post({ input: [{ type }] });
      expect(status).toBe(400);
      expect(error).toMatchObject({ param: "input[0].type", type: "invalid_request_error" });
      expect(error.message).toContain(`"${type}"`);
    },
  );

  /** What an item must stand beside, to make sense. */
  const BESIDE: Record<string, { before?: string; after?: string }> = {
    function_call: { after: "function_call_output" },
    function_call_output: { before: "function_call" },
    mcp_approval_response: { before: "mcp_approval_request" },
    mcp_approval_request: { after: "mcp_approval_response" },
  };
  const itemOf = (type: string | undefined) =>
    type ? [{ type, ...(ITEMS[type as "message"] as object) }] : [];

  it.each(Object.entries(ITEMS).filter(([type, entry]) => entry !== "refused" && type !== "item_reference"))(
    "of type %s is accepted",
    async (type) => {
      const { before, after } = BESIDE[type] ?? {};
      const input = [...itemOf(before), ...itemOf(type), ...itemOf(after), ...itemOf("message")];
      const { status, response } = await (await gateway()).post({ input });
      expect([status, response.status]).toEqual([200, "completed"]);
    },
  );

  it("of type item_reference is looked up", async () => {
    const vr = await startInProcess({ plugins: [scripted([text("hi"), finish()], [text("ho"), finish()])] });
    const { response } = await vr.post();
    const id = response.output[0]?.id;
    expect(
      (
        await vr.post({
          input: [
            { type: "item_reference", id },
            { role: "user", content: "x" },
          ],
        })
      ).status,
    ).toBe(200);
    const lost = await vr.post({ input: [{ type: "item_reference", id: "msg_none" }] });
    expect(lost.error.message).toContain("msg_none");
  });
});

describe("a tool", () => {
  const typesOf = (kind: string) =>
    Object.entries(TOOLS).flatMap(([type, entry]) => (entry === kind ? [type] : []));

  it.each(typesOf("refused"))("of type %s is a 400 that names it", async (type) => {
    const { status, error } = await (await gateway()).post({ tools: [{ type, name: "x" }] });
    expect(status).toBe(400);
    expect(error).toMatchObject({ param: "tools[0].type", type: "invalid_request_error" });
    expect(error.message).toContain(`"${type}"`);
  });

  it.each(typesOf("left out"))(
    "of type %s is left out with a warning, and a 400 when forced",
    async (type) => {
      const vr = await gateway();
      const { status, headers, response } = await vr.post({ tools: [{ type }] });
      expect(status).toBe(200);
      expect(headers.get("x-vr-warning")).toContain(type);
      expect(response.tools).toEqual([{ type }]);
      const forced = await vr.post({ tools: [{ type }], tool_choice: { type } });
      expect(forced.status).toBe(400);
      expect(forced.error.param).toBe("tool_choice");
    },
  );
});
