import { describe, expect, it } from "vitest";
import { entryOf, entryOfTool, idPrefixOf } from "../../core/protocol/catalogue.ts";

describe("the catalogue of item types", () => {
  it("finds the items of a tool under each of its names", () => {
    expect(entryOfTool("web_search_preview_2025_03_11")).toBe(entryOf("web_search_call"));
    expect(entryOfTool("computer")).toBe(entryOf("computer_call"));
    expect(entryOfTool("web_search_call")).toBeUndefined();
  });

  it.each([
    ["message", "msg"],
    ["mcp_approval_response", "mcpr"],
    ["shell_call", "item"],
    ["acme_call", "item"],
    ["__proto__", "item"],
    ["constructor", "item"],
  ])("begins ids of %s with %s", (type, prefix) => {
    expect(idPrefixOf(type)).toBe(prefix);
  });

  it("knows nothing of other types", () => {
    for (const type of ["acme_call", "__proto__", "toString", ""]) {
      expect(entryOf(type)).toBeUndefined();
      expect(entryOfTool(type)).toBeUndefined();
    }
  });
});
