import { describe, expect, it } from "vitest";
import { createLineReader, type Line } from "../../../plugins/mcp/message-lines.ts";

/** What a reader of lines up to 100 bytes makes of these reads. */
const read = (...reads: string[]): Line[] => {
  const reader = createLineReader(100);
  return reads.flatMap((text) => reader(Buffer.from(text)));
};
const long = "x".repeat(1_000);

describe("lines", () => {
  it("are whole, however they are read", () => {
    expect(read("one\ntw", "", "o\nth", "ree", "\n\nrest")).toEqual([
      { kind: "line", text: "one" },
      { kind: "line", text: "two" },
      { kind: "line", text: "three" },
      { kind: "line", text: "" },
    ]);
  });

  it("keep characters that two reads share", () => {
    const [start, end] = [Buffer.from("é\n").subarray(0, 1), Buffer.from("é\n").subarray(1)];
    const reader = createLineReader(100);
    expect([...reader(start), ...reader(end)]).toEqual([{ kind: "line", text: "é" }]);
  });
});

describe("a line that is too long", () => {
  it.each([
    [`{"result":{"text":"${long}"},"jsonrpc":"2.0","id":7}`, 7],
    [`{"jsonrpc":"2.0","id":8,"result":{"text":"${long}"}}`, 8],
    [`{"id":9,"result":{"text":"${long}"}}`, 9],
    [`{"result":{"text":"${long}"},"id":10,"jsonrpc":"2.0"}`, 10],
    [`{"jsonrpc":"2.0","method":"m","params":"${long}"}`, undefined],
    [long, undefined],
  ])("is known by the id at its edges", (line, id) => {
    expect(read(`${line}\n`)).toEqual([{ kind: "too_long", id }]);
    expect(read(...(line.match(/.{1,37}/g) ?? []), "\n")).toEqual([{ kind: "too_long", id }]);
  });

  it("takes nothing of the next", () => {
    expect(read(`${long}\nnext\n`)).toEqual([
      { kind: "too_long", id: undefined },
      { kind: "line", text: "next" },
    ]);
  });
});
