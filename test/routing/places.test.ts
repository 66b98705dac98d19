import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NoPlace, Places, type QueuedCall } from "../../core/routing/places.ts";

const never = new AbortController().signal;
const newPlaces = (options: Partial<ConstructorParameters<typeof Places>[0]> = {}) =>
  new Places({ max: 1, maxQueued: 2, queueTimeoutMs: 1_000, ...options });

/** A call that has to wait. */
function wait(places: Places, signal = never): QueuedCall {
  const waiting = places.take(signal);
  if (!waiting) throw new Error("the call got a place at once");
  return waiting;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe("places", () => {
  it("are given at once while there are any", () => {
    const places = newPlaces({ max: 2 });
    expect([places.take(never), places.take(never)]).toEqual([undefined, undefined]);
    expect([places.taken, places.queued]).toEqual([2, 0]);
  });

  it("are counted without a limit too", () => {
    const places = newPlaces({ max: undefined });
    for (let i = 0; i < 1_000; i++) expect(places.take(never)).toBeUndefined();
    places.release();
    expect(places.taken).toBe(999);
  });

  it("go to who waits, first come, first served, and not to newcomers", async () => {
    const places = newPlaces();
    places.take(never);
    const order: string[] = [];
    const first = wait(places).place.then(() => order.push("first"));
    const second = wait(places).place.then(() => order.push("second"));
    expect([places.taken, places.queued]).toEqual([1, 2]);
    places.release();
    expect([places.taken, places.queued]).toEqual([1, 1]);
    await first;
    places.release();
    await second;
    expect(order).toEqual(["first", "second"]);
    places.release();
    expect([places.taken, places.queued]).toEqual([0, 0]);
    expect(places.take(never)).toBeUndefined();
  });
});

describe("the queue", () => {
  it("refuses when it is full", async () => {
    const places = newPlaces();
    places.take(never);
    const waiting = [wait(places), wait(places)];
    expect(() => places.take(never)).toThrow(expect.objectContaining({ reason: "full" }));
    expect(places.queued).toBe(2);
    for (const { place } of waiting) {
      places.release();
      await place;
    }
  });

  it("may have no room at all", () => {
    const places = newPlaces({ maxQueued: 0 });
    places.take(never);
    expect(() => places.take(never)).toThrow(NoPlace);
  });

  it("lets go of who has waited too long, and of no one else", async () => {
    const places = newPlaces();
    places.take(never);
    const early = expect(wait(places).place).rejects.toMatchObject({ reason: "timeout" });
    vi.advanceTimersByTime(600);
    const { place } = wait(places);
    vi.advanceTimersByTime(400);
    await early;
    expect(places.queued).toBe(1);
    places.release();
    await place;
    vi.advanceTimersByTime(10_000);
    expect([places.taken, places.queued]).toEqual([1, 0]);
  });

  it("lets go at once of a client that leaves, with its reason", async () => {
    const places = newPlaces();
    places.take(never);
    const client = new AbortController();
    const left = wait(places, client.signal);
    const { place } = wait(places);
    const reason = new Error("gone");
    client.abort(reason);
    await expect(left.place).rejects.toBe(reason);
    expect(places.queued).toBe(1);
    places.release();
    await place;
    expect(places.taken).toBe(1);
  });

  it("gives the place only once to a client that leaves just then", async () => {
    const places = newPlaces();
    places.take(never);
    const client = new AbortController();
    const { place, leave } = wait(places, client.signal);
    places.release();
    client.abort(new Error("gone"));
    leave();
    await place;
    expect([places.taken, places.queued]).toEqual([1, 0]);
    places.release();
    expect(places.taken).toBe(0);
  });

  it("can be left", async () => {
    const places = newPlaces();
    places.take(never);
    const { place, leave } = wait(places);
    leave();
    await expect(place).rejects.toMatchObject({ reason: "left" });
    expect(places.queued).toBe(0);
  });
});
