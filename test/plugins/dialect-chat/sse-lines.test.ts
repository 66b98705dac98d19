import { expect, it } from "vitest";
import { createSseLines } from "../../../plugins/dialect-chat/sse-lines.ts";
import { Utf8Reads } from "../../../plugins/dialect-chat/utf8-reads.ts";

/** The payloads of a text that comes in pieces of `size` characters. */
function payloads(text: string, size = text.length): string[] {
  const lines = createSseLines({ maxEventBytes: 10_000 });
  const found: string[] = [];
  for (let at = 0; at < text.length; at += size) {
    lines.append(text.slice(at, at + size));
    for (let next = lines.next(); next !== undefined; next = lines.next()) found.push(next);
  }
  const last = lines.last();
  return last === undefined ? found : [...found, last];
}

it.each([
  ["LF", "data: a\n\ndata: b\n\n", ["a", "b"]],
  ["CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]],
  ["CR", "data: a\r\rdata: b\r\r", ["a", "b"]],
  ["data of several lines", "data: a\ndata:\ndata: b\n\n", ["a\n\nb"]],
  ["a data line without a colon", "data\n\n", [""]],
  ["comments", ": ping\n\ndata: a\n: pong\n\n", ["a"]],
  ["event, id and retry lines", "event: x\nid: 1\nretry: 5\ndata: a\n\n", ["a"]],
  ["no space after the colon, or two", "data:a\n\ndata:  b\n\n", ["a", " b"]],
  ["fields that begin like data", "database: a\n\ndata: b\n\n", ["b"]],
  ["empty lines between events", "\n\n\ndata: a\n\n\n\ndata: b\n\n", ["a", "b"]],
  ["a last line without a newline", "data: a\n\ndata: b", ["a", "b"]],
])("reads %s, in pieces of any size", (_, text, expected) => {
  for (let size = 1; size <= text.length; size += 1) expect(payloads(text, size)).toEqual(expected);
});

it("bounds the length of a line that never ends", () => {
  const lines = createSseLines({ maxEventBytes: 1000 });
  lines.append("data: ");
  lines.append("x".repeat(900));
  expect(() => lines.append("x".repeat(200))).toThrow(/more than 1000 bytes/);
});

it("bounds the length of an event of many lines", () => {
  const lines = createSseLines({ maxEventBytes: 1000 });
  lines.append(`data: ${"x".repeat(100)}\n`.repeat(11));
  expect(() => lines.next()).toThrow(/more than 1000 bytes/);
});

it("keeps characters whole that are split over reads, and drops a byte order mark", () => {
  const text = "aé日本👋z";
  const bytes = Buffer.from(`\ufeff${text}`);
  for (let size = 1; size <= bytes.length; size += 1) {
    const reads = new Utf8Reads();
    let decoded = "";
    for (let at = 0; at < bytes.length; at += size) decoded += reads.decode([bytes.subarray(at, at + size)]);
    expect(decoded + reads.end(), `reads of ${size} bytes`).toBe(text);
  }
});

it("joins the fragments of one read, with a character split between two of them", () => {
  const bytes = Buffer.from("日本");
  const reads = new Utf8Reads();
  expect(reads.decode([bytes.subarray(0, 1), bytes.subarray(1, 4), bytes.subarray(4, 5)])).toBe("日");
  expect(reads.decode([bytes.subarray(5)])).toBe("本");
});
