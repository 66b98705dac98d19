import { expect, it, onTestFinished, vi } from "vitest";
import { ConfiguredServer } from "../../../plugins/mcp/configured-server.ts";
import type { Session } from "../../../plugins/mcp/session.ts";
import { recordingLog } from "../../helpers/recording-log.ts";

const config = {
  label: "a",
  address: { kind: "stdio", command: "a", args: [], env: {} },
  shown: "program a",
  approval: "never",
  secrets: [],
} as const;
const times = { connectTimeoutMs: 1_000, waitMs: 1_000, reconnectMinMs: 5, reconnectMaxMs: 20 };

/** A connection that its test ends; one that `hasEnded` has done so before anybody could listen. */
function session(hasEnded = false): Session & { end(): void } {
  let run: ((reason: string) => void) | undefined;
  return {
    tools: [],
    serverInfo: undefined,
    call: async () => ({ content: [] }),
    onEnd: (listener) => {
      run = listener;
      if (hasEnded) listener("ended at once");
    },
    retire: () => {},
    close: async () => {},
    end: () => run?.("ended"),
  };
}

function create(...sessions: Session[]) {
  let opened = 0;
  const open = async () => sessions[opened++] ?? session();
  const server = new ConfiguredServer(config, open, times, recordingLog().log);
  onTestFinished(() => server.close());
  return { server, opened: () => opened };
}

function start(...sessions: Session[]) {
  const created = create(...sessions);
  created.server.start();
  return created;
}

it("is connected to anew when a connection ends as soon as it is there", async () => {
  const { server, opened } = start(session(true), session(true));
  await expect.poll(() => server.state.status).toBe("available");
  expect(opened()).toBe(3);
});

it("is connected to anew each time that a connection ends", async () => {
  const sessions = [session(), session(), session()];
  const { server, opened } = start(...sessions);
  for (const [i, each] of sessions.entries()) {
    await expect.poll(() => server.state.status === "available" && opened() === i + 1).toBe(true);
    each.end();
  }
  await expect.poll(() => server.state.status === "available" && opened()).toBe(4);
});

it("is tried again ever more seldom while it is down", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  let tries = 0;
  const open = async () => {
    tries++;
    throw new Error("down");
  };
  const seldom = { ...times, reconnectMinMs: 1_000, reconnectMaxMs: 4_000 };
  const server = new ConfiguredServer(config, open, seldom, recordingLog().log);
  onTestFinished(() => server.close());
  await server.start();
  const waited: number[] = [];
  while (waited.length < 4) {
    const before = tries;
    let ms = 0;
    for (; tries === before; ms += 500) await vi.advanceTimersByTimeAsync(500);
    waited.push(ms);
  }
  expect(waited).toEqual([1_000, 2_000, 4_000, 4_000]);
});

it("is connected to once when a request comes before its turn to start", async () => {
  const { server, opened } = create();
  await server.tools(new AbortController().signal);
  await server.start();
  expect(opened()).toBe(1);
});

it("is not connected to after it was closed", async () => {
  const first = session();
  const { server, opened } = start(first);
  await expect.poll(() => server.state.status).toBe("available");
  await server.close();
  first.end();
  expect(opened()).toBe(1);
});
