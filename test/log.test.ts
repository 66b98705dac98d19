import { expect, it, vi } from "vitest";
import { createLog } from "../core/log.ts";

it("shows an error that is its own cause, some levels deep", () => {
  const lines: string[] = [];
  const log = createLog("info", { write: (line) => void lines.push(line) });
  const circular = new Error("again");
  circular.cause = circular;
  log.error({ err: circular }, "failed");
  expect(lines.join("").match(/"message":"again"/g)).toHaveLength(9);
});

it("shows no credentials that an error or its cause tells", () => {
  const lines: string[] = [];
  const log = createLog("info", { write: (line) => void lines.push(line) });
  const cause = new Error("redirected to https://host/v1?token=s3cret");
  log.error({ err: new Error("cannot reach https://me:s3cret@host", { cause }) }, "failed");
  expect(lines.join("")).toContain("cannot reach");
  expect(lines.join("")).toContain("redirected");
  expect(lines.join("")).not.toContain("s3cret");
});

it("cuts secrets out of errors, their stacks and their causes", () => {
  const lines: string[] = [];
  const log = createLog("info", { write: (line) => void lines.push(line) });
  const cause = new Error("connect to redis://ada:1234@host failed");
  log.error({ err: new Error("refused: Bearer abcdefgh", { cause }) }, "failed");
  const text = lines.join("");
  expect(text).toContain("refused: Bearer [redacted]");
  expect(text).toContain("redis://[redacted]@host");
  for (const secret of ["1234", "abcdefgh"]) expect(text).not.toContain(secret);
});

it("cuts secrets of the environment out of errors too", () => {
  vi.stubEnv("WEATHER_API_KEY", "w3ather-s3cret");
  const lines: string[] = [];
  const log = createLog("info", { write: (line) => void lines.push(line) });
  log.error({ err: new Error("refused the key w3ather-s3cret") }, "failed");
  vi.unstubAllEnvs();
  expect(lines.join("")).toContain("refused the key [redacted]");
  expect(lines.join("")).not.toContain("w3ather-s3cret");
});
