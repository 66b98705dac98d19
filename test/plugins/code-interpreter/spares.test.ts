import { getEventListeners } from "node:events";
import { expect, it } from "vitest";
import { RuntimeError } from "../../../plugins/code-interpreter/runtime.ts";
import { Spares } from "../../../plugins/code-interpreter/spares.ts";
import { type FakeRuntime, fakeRuntime } from "../../helpers/fake-runtime.ts";
import { recordingLog } from "../../helpers/recording-log.ts";
import { gate } from "../../helpers/scripted.ts";

function create(fake: FakeRuntime, size = 1): Spares {
  const { log } = recordingLog();
  return new Spares(fake.create({ log }), size, log);
}

/** One whose sessions open when the gate does. */
function slow() {
  const fake = fakeRuntime();
  const opening = gate();
  fake.opening = () => opening.promise;
  return { fake, opening };
}

it("one that is on its way is taken, and nothing is left on the signal of who waited", async () => {
  const { fake, opening } = slow();
  const spares = create(fake);
  spares.fill();
  const { signal } = new AbortController();
  const taken = spares.take(signal);
  opening.open();
  expect(await taken).toBe(fake.sessions[0]);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

it("who leaves does not wait for one that is on its way", async () => {
  const { fake, opening } = slow();
  const spares = create(fake);
  spares.fill();
  const leaving = new AbortController();
  const taken = spares.take(leaving.signal);
  leaving.abort(new Error("left"));
  await expect(taken).rejects.toThrow("left");
  opening.open();
  await expect.poll(() => spares.ready).toBe(1);
});

it("one that has ended is not taken", async () => {
  const fake = fakeRuntime();
  const spares = create(fake, 2);
  spares.fill();
  await expect.poll(() => spares.ready).toBe(2);
  await fake.sessions[0]?.close();
  expect(await spares.take(new AbortController().signal)).toBe(fake.sessions[1]);
});

it("none is left or taken when the gateway has stopped", async () => {
  const { fake, opening } = slow();
  const spares = create(fake);
  spares.fill();
  const closed = spares.close();
  opening.open();
  await closed;
  expect(fake.sessions.filter((session) => !session.closed)).toEqual([]);
  await expect(spares.take(new AbortController().signal)).rejects.toBeInstanceOf(RuntimeError);
});
