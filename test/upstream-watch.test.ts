import { expect, it, vi } from "vitest";
import { UpstreamError, VrError } from "../core/errors.ts";
import type { Upstream } from "../core/upstream.ts";
import { checkUpstream } from "../core/upstream-check.ts";
import { watchUpstreams } from "../core/upstream-watch.ts";
import { recordingLog } from "./helpers/recording-log.ts";

/** An upstream that answers its checks so, one after the other; the last answer stays. */
function upstream(...answers: (Error | "ok" | "never")[]): Upstream & { checks: number } {
  return {
    name: "one",
    description: "a test's",
    checks: 0,
    async *stream() {},
    models: async () => [],
    defaultModel: () => "m",
    async check() {
      const answer = answers[Math.min(this.checks++, answers.length - 1)];
      if (answer instanceof Error) throw answer;
      if (answer === "never") await new Promise(() => {});
    },
  };
}

const refused = new UpstreamError(502, "cannot be reached", {
  cause: Object.assign(new Error("connect"), { code: "ECONNREFUSED" }),
});
const locked = new UpstreamError(401, "wants a key");

it.each<[string, Error | "never", string, string]>([
  ["no connection", refused, "unreachable", "cannot be reached"],
  ["401", locked, "unauthorized", "wants a key"],
  ["403", new UpstreamError(403, "refuses the key"), "unauthorized", "refuses the key"],
  ["no answer in time", "never", "timeout", "did not answer within 20 ms"],
  ["a connection that takes too long", new UpstreamError(504, "too long"), "timeout", "too long"],
  ["an answer that is an error", new UpstreamError(502, "answered 500"), "failed", "answered 500"],
  ["another error of vr", new VrError(500, "server_error", "no"), "failed", "no"],
  ["a plugin's own error, which may hold anything", new Error("secret"), "failed", "the check failed"],
])("%s has its own reason", async (_, answer, reason, error) => {
  expect(await checkUpstream(upstream(answer), 20)).toEqual({ ok: false, reason, error });
});

it("an upstream without a check answers", async () => {
  const { check: _, ...without } = upstream("ok");
  expect(await checkUpstream(without, 20)).toEqual({ ok: true });
});

it("logs every reason once, and that the upstream is ready, and asks no more", async () => {
  const { log, lines } = recordingLog();
  const one = upstream(refused, refused, locked, refused, "ok");
  const watch = watchUpstreams([one], log, { checkMs: 5_000, firstDelayMs: 1, longestDelayMs: 2 });
  await watch.firstAnswers(5_000);
  expect(watch.first.get(one)).toMatchObject({ ok: false, reason: "unreachable" });
  await vi.waitUntil(() => lines.length === 3, { timeout: 15_000 });
  expect(lines.map(({ message, fields }) => [fields.reason, message])).toEqual([
    ["unreachable", "an upstream is not ready"],
    ["unauthorized", "an upstream is not ready"],
    [undefined, "an upstream is ready"],
  ]);
  expect(one.checks).toBe(5);
});

it("asks no more once it is stopped, whatever the upstream does", async () => {
  const { log, lines } = recordingLog();
  const one = upstream("never");
  const watch = watchUpstreams([one], log, { checkMs: 60_000, firstDelayMs: 1, longestDelayMs: 1 });
  watch.stop();
  await watch.firstAnswers(60_000);
  expect([one.checks, lines]).toEqual([1, []]);
});
