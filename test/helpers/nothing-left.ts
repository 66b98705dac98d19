/** Set up for files that share a process: each must leave it as it was. */
import { afterAll, beforeAll, expect, vi } from "vitest";
import { leftBehind } from "./left-behind.ts";

let before: ReturnType<typeof leftBehind>;
beforeAll(() => {
  before = leftBehind();
});
// Runs after the file's own. A socket whose other end was closed takes a moment to notice.
afterAll(() => vi.waitFor(() => expect(leftBehind()).toEqual(before), { timeout: 10_000 }));
