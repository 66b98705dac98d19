import { createHash } from "node:crypto";
import { vi } from "vitest";

const SOCKETS = ["TCPSocketWrap", "TCPServerWrap", "PipeWrap", "TLSWrap", "UDPWrap", "ProcessWrap", "Worker"];

/** What a test file may leave behind in its process. Two of these are equal when nothing was left between them. */
export function leftBehind() {
  const open = process.getActiveResourcesInfo();
  const handlers = process.eventNames().map((name) => [String(name), process.listenerCount(name)] as const);
  return {
    sockets: Object.fromEntries(SOCKETS.map((kind) => [kind, open.filter((one) => one === kind).length])),
    handlers: Object.fromEntries(handlers),
    environment: Object.fromEntries(
      Object.entries(process.env).map(([name, value = ""]) => [name, digestOf(value)]),
    ),
    folder: process.cwd(),
    fakeTimers: vi.isFakeTimers(),
  };
}

/** What is not equal is printed, and variables may be secret. */
const digestOf = (value: string) => createHash("sha256").update(value).digest("hex").slice(0, 8);
