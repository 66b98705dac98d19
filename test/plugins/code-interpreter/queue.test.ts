import { expect, it } from "vitest";
import { ExecutionQueue } from "../../../plugins/code-interpreter/queue.ts";
import { gate } from "../../helpers/scripted.ts";

const never = new AbortController().signal;
const LIMITS = { concurrent: 2, queued: 2, queueMs: 60_000 };

it("runs so many at once, and the others in their order", async () => {
  const queue = new ExecutionQueue(LIMITS);
  const gates = [gate(), gate(), gate(), gate()];
  const started: number[] = [];
  const all = gates.map(({ promise }, i) =>
    queue.run(`container ${i}`, never, () => {
      started.push(i);
      return promise;
    }),
  );
  expect([queue.running, queue.waiting]).toEqual([2, 2]);
  gates[1]?.open();
  await all[1];
  expect(started).toEqual([0, 1, 2]);
  for (const one of gates) one.open();
  await Promise.all(all);
  expect(started).toEqual([0, 1, 2, 3]);
  expect([queue.running, queue.waiting]).toEqual([0, 0]);
});

it("runs those of one key one after the other, while others pass by", async () => {
  const queue = new ExecutionQueue({ ...LIMITS, concurrent: 8 });
  const first = gate();
  const order: string[] = [];
  const run = (key: string, name: string, wait?: Promise<void>) =>
    queue.run(key, never, async () => {
      await wait;
      order.push(name);
    });
  const all = [run("a", "a1", first.promise), run("a", "a2"), run("b", "b1")];
  await all[2];
  expect(order).toEqual(["b1"]);
  first.open();
  await Promise.all(all);
  expect(order).toEqual(["b1", "a1", "a2"]);
});

it("refuses one more than may wait, and goes on", async () => {
  const queue = new ExecutionQueue({ ...LIMITS, concurrent: 1, queued: 1 });
  const first = gate();
  const running = queue.run("a", never, () => first.promise);
  const waiting = queue.run("b", never, async () => "b");
  await expect(queue.run("c", never, async () => "c")).rejects.toMatchObject({
    reason: "busy",
    message: "The queue of 1 is full: try again later.",
  });
  first.open();
  await running;
  expect(await waiting).toBe("b");
});

it("lets nobody wait longer than queueMs", async () => {
  const queue = new ExecutionQueue({ ...LIMITS, concurrent: 1, queueMs: 20 });
  const first = gate();
  const running = queue.run("a", never, () => first.promise);
  await expect(queue.run("b", never, async () => "b")).rejects.toMatchObject({ reason: "busy" });
  first.open();
  await running;
  expect(queue.waiting).toBe(0);
});

it("forgets who leaves while waiting", async () => {
  const queue = new ExecutionQueue({ ...LIMITS, concurrent: 1 });
  const first = gate();
  const running = queue.run("a", never, () => first.promise);
  const leaving = new AbortController();
  const left = queue.run("b", leaving.signal, async () => "b");
  leaving.abort(new Error("left"));
  await expect(left).rejects.toThrow("left");
  expect(queue.waiting).toBe(0);
  first.open();
  await running;
});

it("goes on after a task that throws", async () => {
  const queue = new ExecutionQueue({ ...LIMITS, concurrent: 1 });
  const failing = queue.run("a", never, () => Promise.reject(new Error("broken")));
  const next = queue.run("a", never, async () => "next");
  await expect(failing).rejects.toThrow("broken");
  expect(await next).toBe("next");
});
