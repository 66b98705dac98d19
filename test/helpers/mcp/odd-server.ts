/** `node odd-server.ts [--slow MS] [--dead] [--pages N] [--child] [--deep LEVELS]`: the odd tools on standard input and output. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { answer, oddTools } from "./odd-tools.ts";

const { values } = parseArgs({
  options: {
    slow: { type: "string", default: "0" },
    dead: { type: "boolean", default: false },
    pages: { type: "string", default: "1000" },
    child: { type: "boolean", default: false },
    deep: { type: "string" },
    stubborn: { type: "boolean", default: false },
  },
});
if (values.dead) {
  process.stderr.write(`cannot start with ${process.env.ODD_TOKEN}${process.env.ODD_WORDS ?? ""}\n`);
  process.exit(3);
}
// A server whose own child would outlive it, and one that does not go when it is asked to.
if (values.child) {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  oddTools.child = { run: () => ({ content: [{ type: "text", text: String(child.pid) }] }) };
}
if (values.deep) {
  const levels = Number(values.deep);
  oddTools.deep = { inputSchema: JSON.parse(`{"x":${"[".repeat(levels)}${"]".repeat(levels)}}`) };
}
if (values.stubborn) {
  process.on("SIGTERM", () => {});
  setInterval(() => {}, 1_000);
}
await sleep(Number(values.slow));

const cancelled: unknown[] = [];
const wire = {
  cancelled,
  send: (message: object | string) =>
    process.stdout.write(`${typeof message === "string" ? message : JSON.stringify(message)}\n`),
  die: () => process.exit(7),
  note: (what: string) => process.stderr.write(`${what}\n`),
};
for await (const line of createInterface({ input: process.stdin }))
  void answer(JSON.parse(line), wire, Number(values.pages));
