import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { within } from "../core/within.ts";

const never = new Promise<never>(() => {});
const late = () => new Error("too late");
/** A minute: the time is not up before the test is over. */
const long = { ms: 60_000, late };
const short = { ms: 1, late };

describe("a task with a time limit", () => {
  it.each([
    ["a promise", Promise.resolve("done")],
    ["a function that promises", async () => "done"],
    ["a function that answers at once", () => "done"],
  ])("settles like %s", async (_, task) => {
    expect(await within(long, task)).toBe("done");
  });

  it.each([
    ["a promise", () => Promise.reject(new Error("failed"))],
    ["a function that promises", () => () => Promise.reject(new Error("failed"))],
    [
      "a function that throws",
      () => () => {
        throw new Error("failed");
      },
    ],
  ])("fails like %s", async (_, task) => {
    await expect(within<unknown>(long, task())).rejects.toThrow("failed");
  });

  it("is given up when the time is up, and its signal aborts with the same error", async () => {
    let signal: AbortSignal | undefined;
    const error = await within(short, (given) => {
      signal = given;
      return never;
    }).catch((reason: unknown) => reason);
    expect(error).toEqual(new Error("too late"));
    expect(signal?.reason).toBe(error);
    await expect(within(short, never)).rejects.toThrow("too late");
  });

  it("is given up with the reason of `stop`, and what it throws then is ignored", async () => {
    const stop = new AbortController();
    const failing = within({ ...long, stop: stop.signal }, (signal) => {
      const { promise, reject } = Promise.withResolvers<never>();
      signal.addEventListener("abort", () => reject(new Error("its own")));
      return promise;
    });
    stop.abort(new Error("stopped"));
    await expect(failing).rejects.toThrow("stopped");
  });

  it("is not begun when `stop` has aborted before", async () => {
    const task = vi.fn();
    await expect(within({ ...long, stop: AbortSignal.abort(new Error("gone")) }, task)).rejects.toThrow(
      "gone",
    );
    expect(task).not.toHaveBeenCalled();
    const failed = Promise.reject(new Error("nobody waits for it"));
    await expect(within({ ...long, stop: AbortSignal.abort(new Error("gone")) }, failed)).rejects.toThrow(
      "gone",
    );
  });

  it("that has settled leaves no timer and no listener, and its signal does not abort", async () => {
    const stop = new AbortController();
    const timers = () => process.getActiveResourcesInfo().filter((each) => each === "Timeout").length;
    const before = timers();
    let signal: AbortSignal | undefined;
    await within({ ...long, stop: stop.signal }, (given) => {
      signal = given;
    });
    stop.abort();
    await sleep(0);
    expect(timers()).toBe(before);
    expect(signal?.aborted).toBe(false);
  });

  it.each([
    ["in time, if reads come first", { afterReads: true }, "in time"],
    ["late otherwise", {}, "too late"],
  ])("whose answer reached a busy event loop is %s", async (_, how, expected) => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    const [answering] = (await once(server, "connection")) as [Socket];
    const answer = once(socket, "data").then(([data]) => String(data));
    answering.end("in time");
    const asked = within({ ms: 1, late, ...how }, answer).catch((error: Error) => error.message);
    const until = performance.now() + 5;
    while (performance.now() < until);
    expect(await asked).toBe(expected);
    await once(server.close(), "close");
  });
});
