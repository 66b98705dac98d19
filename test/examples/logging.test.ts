import { expect, it } from "vitest";
import { startGateway } from "../helpers/gateway.ts";

const linesOf = (text: string): Record<string, unknown>[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("{") && line.endsWith("}"))
    .map((line) => JSON.parse(line));

it("examples/logging writes one line per response, and what every tap has cost", async () => {
  const gateway = await startGateway({ config: "examples/logging/vr.config.ts" });
  const ids: string[] = [];
  for (const input of ["Say: the secret is 42", "What is 6 * 7?"]) {
    const answer = await fetch(`${gateway.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ input }),
    });
    ids.push(((await answer.json()) as { id: string }).id);
  }
  expect(await gateway.stop()).toBe(0);

  await expect.poll(() => linesOf(gateway.stdout()).length).toBe(2);
  const lines = linesOf(gateway.stdout());
  expect(lines.map(({ id }) => id)).toEqual(ids);
  expect(lines[1]).toMatchObject({
    status: "completed",
    output_tokens: expect.any(Number),
    firstChunkMs: expect.any(Number),
    totalMs: expect.any(Number),
    taps: expect.arrayContaining([
      { tap: "json-lines: onChunk", calls: 2, errors: 0, totalMs: expect.any(Number) },
      { tap: "logger: onComplete", calls: 2, errors: 0, totalMs: expect.any(Number) },
    ]),
  });

  // The logger: a line per response, one per tap at the end, nothing of what was said.
  await expect.poll(() => linesOf(gateway.stderr()).length).toBe(2 + 3);
  const logged = linesOf(gateway.stderr());
  expect(logged.slice(0, 2).map(({ id }) => id)).toEqual(ids);
  expect(logged.slice(2).map(({ tap, hook, calls }) => [tap, hook, calls])).toEqual(
    expect.arrayContaining([["json-lines", "onChunk", 2]]),
  );
  expect(gateway.stdout() + gateway.stderr()).not.toContain("secret");
});
