import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { tempFolder } from "./temp-folder.ts";

const { O_RDONLY, O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;

/** Somebody who reads what a process writes, when the test says so. */
export interface Reader {
  /** The end that a process writes to. */
  readonly fd: number;
  /** All that is there to be read, without waiting. */
  read(): string;
  /** Closes the reading end. */
  leave(): void;
}

/** A pipe whose reader does nothing of its own accord. */
export function pipeReader(): Reader {
  const path = join(tempFolder(), "log");
  execFileSync("mkfifo", [path]);
  const reading = openSync(path, O_RDONLY | O_NONBLOCK);
  const fd = openSync(path, O_WRONLY);
  let open = true;
  const leave = () => {
    if (open) closeSync(reading);
    open = false;
  };
  onTestFinished(() => {
    leave();
    closeSync(fd);
  });
  return { fd, leave, read: () => readAll(reading) };
}

const HOLD = `
import os, pty, sys
master, slave = pty.openpty()
os.set_blocking(master, False)
print(os.ttyname(slave), flush=True)
for _ in sys.stdin:
    try:
        while True: sys.stdout.buffer.write(os.read(master, 65536))
    except BlockingIOError: pass
    sys.stdout.buffer.write(b"\\0")
    sys.stdout.flush()
`;

export interface Terminal {
  readonly fd: number;
  /** All that is shown. */
  read(): Promise<string>;
}

/** A terminal that shows nothing until it is asked, as one that was stopped with Ctrl-S. */
export async function stoppedTerminal(): Promise<Terminal> {
  const holder = spawn("python3", ["-c", HOLD], { stdio: ["pipe", "pipe", "inherit"] });
  holder.stdout.setEncoding("utf8");
  const [name] = (await once(holder.stdout, "data")) as [string];
  const fd = openSync(name.trim(), O_WRONLY | O_NOCTTY);
  onTestFinished(() => {
    closeSync(fd);
    holder.kill("SIGKILL");
  });
  return {
    fd,
    async read() {
      holder.stdin.write("read\n");
      let text = "";
      while (!text.endsWith("\0")) text += ((await once(holder.stdout, "data")) as [string])[0];
      return text.slice(0, -1);
    },
  };
}

function readAll(fd: number): string {
  const part = Buffer.alloc(65_536);
  let text = "";
  for (;;) {
    try {
      const bytes = readSync(fd, part);
      if (bytes === 0) return text;
      text += part.toString("latin1", 0, bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") return text;
      throw error;
    }
  }
}
