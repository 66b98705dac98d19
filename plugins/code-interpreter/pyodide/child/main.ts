import { accessSync, constants } from "node:fs";
import type { ChildMessage, ChildSettings, Command } from "../messages.ts";
import { listFiles, sendFile } from "./files.ts";
import { Interrupts } from "./interrupts.ts";
import { INTERRUPT_FD, PROBE } from "./limits.ts";
import { lockDown } from "./lockdown.ts";
import { MemoryBudget } from "./memory.ts";
import { Output } from "./output.ts";
import { type Pyodide, startPython, WORKING_FOLDER } from "./python.ts";
import { showThrough } from "./show.ts";
import { readSnapshot, writeSnapshot } from "./snapshot.ts";
import { commands, send } from "./wire.ts";

// Kept, since the code below removes them from the global object.
const { process, setImmediate } = globalThis;
const now = performance.now.bind(performance);
const end = (): never => process.exit(0);
const [, , argument = "", packageFolder = ""] = process.argv;
// The probe only asks whether code and Python can be read in this confinement.
if (argument === PROBE) {
  accessSync(`${packageFolder}/pyodide.asm.wasm`, constants.R_OK);
  process.exit(0);
}
const settings: ChildSettings = JSON.parse(argument);
// The permission model removes `process.binding`, which Emscripten needs for the numbers of open(2)'s flags.
Reflect.set(process, "binding", () => ({ fs: constants }));

const budget = new MemoryBudget(settings.memoryBytes);
const python = await startPython(settings, settings.snapshot === "load" ? readSnapshot() : undefined);
if (settings.snapshot === "make") writeSnapshot(python.pyodide.makeMemorySnapshot());
const output = new Output(send, now);
const interrupts = new Interrupts(INTERRUPT_FD, { now, parent: () => process.ppid, end }, () =>
  output.tick(),
);
connect(python.pyodide);
python.seal();
lockDown();
send({
  type: "ready",
  python: python.version,
  snapshot: settings.snapshot === "load" ? "loaded" : settings.snapshot === "make" ? "made" : "none",
});

for (const command of commands()) {
  obey(command);
  // Lets the engine run its deferred work.
  await new Promise(setImmediate);
}
end();

function obey(command: Command): void {
  const { FS } = python.pyodide;
  // Files are readable for listing even if the code has changed their permissions.
  FS.ignorePermissions = command.type !== "execute";
  if (command.type === "execute") execute(command);
  else if (command.type === "files") send({ type: "files", files: listFiles(FS, command.limit) });
  else sendFile(FS, command.path, command.maxBytes, send);
}

function execute({ code, logCharacters, lifetimeMs }: Extract<Command, { type: "execute" }>): void {
  output.start(logCharacters);
  interrupts.start(lifetimeMs);
  let last: ChildMessage;
  try {
    last = { type: "end", kind: python.execute(code.toWellFormed()) };
  } catch (error) {
    last = endOf(error);
  }
  output.finish();
  send(last);
  if (last.type === "gone") end();
}

/** The message about an error that ended Python itself. */
function endOf(error: unknown): ChildMessage {
  // Emscripten's exit status is not an `Error`.
  const { name, message } = Object(error) as Partial<Error>;
  const exited = name === "Exit" || name === "ExitStatus";
  return { type: "gone", reason: exited ? "exit" : "crash", detail: String(message ?? error).slice(0, 500) };
}

/** Puts Python's streams, its display and its interrupts in place of those of a program at a terminal. */
function connect(pyodide: Pyodide): void {
  const { FS } = pyodide;
  const writer = (stream: "stdout" | "stderr") => ({
    write(bytes: Uint8Array) {
      output.write(stream, bytes);
      return bytes.length;
    },
  });
  pyodide.setStdin({ stdin: () => null });
  pyodide.setStdout(writer("stdout"));
  pyodide.setStderr(writer("stderr"));
  showThrough(FS, output);
  budget.watchFiles(FS, () => new FS.ErrnoError(pyodide.ERRNO_CODES.ENOSPC ?? 51));
  FS.mkdirTree(WORKING_FOLDER);
  FS.chdir(WORKING_FOLDER);
  pyodide.setInterruptBuffer(interrupts);
}
