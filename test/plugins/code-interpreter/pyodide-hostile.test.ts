import { describe, expect, it } from "vitest";
import { PythonProcess } from "../../../plugins/code-interpreter/pyodide/child-process.ts";
import { optionsSchema } from "../../../plugins/code-interpreter/pyodide/options.ts";
import { PyodideSession } from "../../../plugins/code-interpreter/pyodide/session.ts";
import { run } from "../../contract/code-runtime.ts";
import { gone, never } from "./pyodide-runtimes.ts";

/** A session whose process is this JavaScript: what a child could say that is no child any more. */
function sessionOf(script: string): PyodideSession {
  const child = new PythonProcess({
    // Says it once it has been told something.
    command: [process.execPath, "--eval", `process.stdin.once("data", () => { ${script} })`],
    wrapped: false,
    settings: { packageFolder: "/", memoryBytes: 1, snapshot: "none" },
    snapshotFd: undefined,
    memoryMiB: 1024,
    maxResidentBytes: 1024 ** 3,
  });
  return new PyodideSession(child, optionsSchema.parse({ fileTimeoutMs: 300, interruptGraceMs: 50 }));
}
const saying = (...messages: object[]) =>
  sessionOf(messages.map((message) => `console.log(${JSON.stringify(JSON.stringify(message))});`).join("\n"));

const end = { type: "end", kind: "finished" };

describe("a child that does not keep to the protocol is ended:", () => {
  it.each([
    ["no JSON", sessionOf("console.log('hello')")],
    ["no message", saying({ type: "hello" })],
    ["a stream of its own", saying({ type: "text", stream: "stdin", text: "x" })],
    ["an image of another kind", saying({ type: "image", mediaType: "text/html", base64: "" })],
    ["an image that is no base64", saying({ type: "image", mediaType: "image/png", base64: '"><script>' })],
    ["a negative count", saying({ type: "cut", count: -1 })],
    ["an answer to another question", saying({ type: "files", files: [] })],
    ["a start in the middle", saying({ type: "ready", python: "3", snapshot: "none" })],
  ])("%s", async (_, session) => {
    const { pid } = session;
    const ran = await run(session, "1");
    expect(ran.end).toEqual({ kind: "died", reason: "Its process said what it may not." });
    expect(ran.text).toBe("");
    await gone(pid ?? 0);
  });

  it("a line without end", async () => {
    const session = sessionOf("for (;;) require('fs').writeSync(1, 'x'.repeat(65536));");
    expect((await run(session, "1")).end).toEqual({
      kind: "died",
      reason: "Its process said more than it may.",
    });
  });

  it("more than was allowed, in lines that are", async () => {
    const line = JSON.stringify({ type: "text", stream: "stdout", text: "x".repeat(1000) });
    const session = sessionOf(`for (;;) require('fs').writeSync(1, ${JSON.stringify(`${line}\n`)});`);
    const ran = await run(session, "1", { logCharacters: 1000 });
    expect(ran.end).toEqual({ kind: "died", reason: "Its process said more than it may." });
  });

  it("something that nobody asked for, between executions", async () => {
    const session = sessionOf(
      `console.log('${JSON.stringify(end)}'); setTimeout(() => console.log('${JSON.stringify(end)}'), 100)`,
    );
    expect((await run(session, "1")).end).toEqual({ kind: "finished" });
    const ended = Promise.withResolvers<string>();
    session.onEnd(ended.resolve);
    expect(await ended.promise).toBe("Its process said more than it may.");
  });

  it("files over the limit, or other bytes than announced", async () => {
    const file = { path: "a", bytes: 1, modifiedAt: 1 };
    await expect(saying({ type: "files", files: [file, file] }).files(1, never)).rejects.toMatchObject({
      reason: "unavailable",
    });
    const part = { type: "part", base64: Buffer.alloc(2000).toString("base64") };
    await expect(saying(part, { type: "read", bytes: 2000 }).read("a", 1000, never)).rejects.toMatchObject({
      reason: "too_large",
    });
  });
});

it("waits for no child that does not answer", async () => {
  await expect(sessionOf("").files(1, never)).rejects.toMatchObject({ reason: "unavailable" });
  expect((await run(sessionOf(""), "1", { timeoutMs: 50 })).end).toEqual({ kind: "timed_out", lost: true });
  expect((await run(sessionOf(""), "1", { signal: AbortSignal.timeout(50) })).end).toEqual({
    kind: "interrupted",
    lost: true,
  });
  expect((await run(sessionOf("process.exit(3)"), "1")).end).toEqual({
    kind: "died",
    reason: "Its process ended with exit code 3.",
  });
});

it("takes one call at a time", async () => {
  const session = sessionOf("");
  const running = run(session, "1", { timeoutMs: 50 });
  await expect(session.files(1, never)).rejects.toMatchObject({ reason: "busy" });
  await running;
});

it("says that it could not be started when there is no such program", async () => {
  const child = new PythonProcess({
    command: ["/nowhere/node"],
    wrapped: false,
    settings: { packageFolder: "/", memoryBytes: 1, snapshot: "none" },
    snapshotFd: undefined,
    memoryMiB: 1,
    maxResidentBytes: 1,
  });
  const ended = Promise.withResolvers<string>();
  child.onEnd(ended.resolve);
  expect(await ended.promise).toMatch(/^It did not start: /);
  await child.kill("again");
});
