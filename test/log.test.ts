import { expect, it } from "vitest";
import { createLog } from "../core/log.ts";

it("shows an error that is its own cause, some levels deep", () => {
  const lines: string[] = [];
  const log = createLog("info", { write: (line) => void lines.push(line) });
  const circular = new Error("again");
  circular.cause = circular;
  log.error({ err: circular }, "failed");
  expect(lines.join("").match(/"message":"again"/g)).toHaveLength(9);
});
