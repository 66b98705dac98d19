import { expect, it } from "vitest";
import { toolFamily, toolTypeClass } from "../../core/protocol/tool-types.ts";

it.each([
  ["function", "function"],
  ["mcp", "hosted"],
  ["web_search_2025_08_26", "hosted"],
  ["shell", "client"],
  ["acme_search", "unknown"],
  ["__proto__", "unknown"],
])("classes %s as %s", (type, expected) => {
  expect(toolTypeClass(type)).toBe(expected);
});

it.each([
  ["web_search_preview_2025_03_11", "web_search"],
  ["web_search_preview", "web_search"],
  ["web_search_2025_08_26", "web_search"],
  ["computer_use_preview", "computer_use"],
  ["mcp", "mcp"],
])("%s is %s under another name", (type, family) => {
  expect(toolFamily(type)).toBe(family);
});
