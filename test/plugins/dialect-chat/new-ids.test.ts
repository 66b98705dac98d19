import { expect, it, vi } from "vitest";
import type { ModelChunk } from "../../../core/index.ts";
import { StreamedArguments } from "../../../plugins/dialect-chat/streamed-arguments.ts";
import { ToolCallDecoder } from "../../../plugins/dialect-chat/tool-call-decoder.ts";

it("arguments whose every delta has a new id are not parsed anew for each", () => {
  const decoder = new ToolCallDecoder(undefined);
  const out: ModelChunk[] = [];
  decoder.push({ index: 0, id: "call_0", function: { name: "note", arguments: '{"text":"' } }, out);
  const parse = vi.spyOn(JSON, "parse");
  for (let i = 1; i <= 100; i++)
    decoder.push({ index: 0, id: `call_${i}`, function: { arguments: "a few words " } }, out);
  const parsed = parse.mock.calls.length;
  parse.mockRestore();
  expect(parsed).toBe(0);
  decoder.push({ index: 0, id: "call_last", function: { arguments: '"}' } }, out);
  expect(decoder.end(out)).toBe(1);
});

it.each([
  ["an object", ['{"a":', "1}"], true],
  ["an object and spaces", ['{"a":', "1}", " \n"], true],
  ["an object that goes on", ['{"a":{"b":1}', " "], false],
  ["a bracket within a text", ['{"a":"}'], false],
  ["another value", ["nu", "ll"], true],
])("arguments are whole or not: %s", (_, pieces, whole) => {
  const args = new StreamedArguments();
  for (const piece of pieces) args.add(piece, false);
  expect(args.whole).toBe(whole);
});
