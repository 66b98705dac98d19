import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { limitRate } from "../../../plugins/mcp/limit-rate.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

it("hands on a hundred notes a minute, and says how many it left out", () => {
  const noted: string[] = [];
  const note = limitRate((text) => noted.push(text));
  for (let i = 0; i < 1_000; i++) note(`line ${i}`);
  expect(noted).toHaveLength(100);
  vi.advanceTimersByTime(60_000);
  note("later");
  expect(noted.slice(100)).toEqual(["900 more that were left out", "later"]);
  vi.advanceTimersByTime(60_000);
  note("much later");
  expect(noted.slice(102)).toEqual(["much later"]);
});
