import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { expect, it, vi } from "vitest";
import { leftBehind } from "./left-behind.ts";

type Undo = () => unknown;

it.each<[what: string, leave: () => Undo | Promise<Undo>]>([
  [
    "a server that listens",
    async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      return () => server[Symbol.asyncDispose]();
    },
  ],
  [
    "a process",
    async () => {
      const child = spawn(process.execPath, ["--eval", "process.stdin.resume()"]);
      await once(child, "spawn");
      return async () => {
        child.kill();
        await once(child, "close");
      };
    },
  ],
  [
    "a handler of the process",
    () => {
      const handler = () => {};
      process.on("SIGUSR2", handler);
      return () => process.off("SIGUSR2", handler);
    },
  ],
  [
    "a variable of the environment",
    () => {
      vi.stubEnv("LEFT_BEHIND", "1");
      return () => vi.unstubAllEnvs();
    },
  ],
  [
    "a clock that stands still",
    () => {
      vi.useFakeTimers({ toFake: ["Date"] });
      return () => vi.useRealTimers();
    },
  ],
])("notices %s, and that it is gone", async (_, leave) => {
  const before = leftBehind();
  const undo = await leave();
  const after = leftBehind();
  await undo();
  expect(after).not.toEqual(before);
  await vi.waitFor(() => expect(leftBehind()).toEqual(before), { timeout: 10_000 });
});
