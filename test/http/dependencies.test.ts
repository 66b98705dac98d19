import { expect, it } from "vitest";
import type { Dependency } from "../../core/dependency.ts";
import { UpstreamError } from "../../core/errors.ts";
import type { Plugin } from "../../core/plugin.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { says, scripted } from "../helpers/scripted.ts";

/** A plugin that works with these. */
const needs = (...dependencies: Dependency[]): Plugin => ({
  name: "needy",
  setup: (vr) => {
    for (const dependency of dependencies) vr.dependencies.add(dependency);
  },
});

const dependency = (name: string, check: Dependency["check"]): Dependency => ({
  name,
  description: `the ${name}`,
  check,
});

async function ready(...dependencies: Dependency[]) {
  const vr = await startInProcess({ plugins: [scripted(says("hi")), needs(...dependencies)] });
  const answer = await fetch(`${vr.url}/ready`);
  return { status: answer.status, body: (await answer.json()) as { dependencies: object } };
}

it("/ready shows what plugins depend on, and what they say of it", async () => {
  const { status, body } = await ready(dependency("sandbox", () => ({ running: 3 })));
  expect(status).toBe(200);
  expect(body.dependencies).toEqual({ sandbox: { ok: true, running: 3 } });
});

it("a dependency that is down or hangs is shown as such, and does not decide", async () => {
  const { status, body } = await ready(
    dependency("down", () => Promise.reject(new UpstreamError(502, "nobody listens"))),
    dependency("broken", () => {
      throw new Error("at /home/ada: a detail that is nobody's business");
    }),
    dependency("hanging", () => new Promise<undefined>(() => {})),
  );
  expect(status).toBe(200);
  expect(body.dependencies).toEqual({
    down: { ok: false, error: "nobody listens" },
    broken: { ok: false, error: "the check failed" },
    hanging: { ok: false, error: expect.stringMatching(/^did not answer within \d+ ms$/) },
  });
});

it("two of one name are an error that names the plugin", async () => {
  const same = dependency("sandbox", () => undefined);
  await expect(ready(same, same)).rejects.toThrow(/"needy" adds a dependency named "sandbox"/);
});
