import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigError, isVrError } from "./errors.ts";

/** What went wrong while a configuration was loaded, with file and line in front. */
export function explainLoad(error: unknown, file: string): ConfigError {
  const { message, stack = "" } = error as Error;
  const at = importLine(message, file) ?? lineIn(stack, file);
  if (isVrError(error)) {
    const line = optionLine(message, file, at) ?? at;
    return new ConfigError(`${place(file, line)}: ${message}`, { cause: error });
  }
  const what =
    (error instanceof SyntaxError && !message.startsWith("The requested module")) ||
    /SYNTAX/.test(String((error as { code?: string }).code))
      ? "syntax error: "
      : "";
  return new ConfigError(`${place(file, at)}: ${what}${message.split("\n")[0]}`, { cause: error });
}

/** What went wrong while plugins were set up: with the configuration in front, and where it was thrown. */
export function explainSetUp(error: unknown, file: string): unknown {
  // What flags and environment say is no mistake of the file.
  if (!isVrError(error) || /^(--|[A-Z]+_)/.test(error.message)) return error;
  const { cause, stack = "" } = error;
  const thrown = cause instanceof Error ? firstPlace(cause.stack ?? "") : firstPlace(stack, isOwn);
  return new ConfigError(`${shown(file)}: ${error.message}${thrown ? ` (${thrown})` : ""}`, { cause: error });
}

/** The first file and line of a stack that is neither in Node nor in a file to `skip`. */
function firstPlace(stack: string, skip = (_url: string) => false): string | undefined {
  for (const text of stack.split("\n")) {
    const at = text.indexOf("file://");
    const [, url, line] = (at < 0 ? undefined : /^([^\s()]+?):(\d+):\d+/.exec(text.slice(at))) ?? [];
    if (url && line && !skip(url)) return place(fileURLToPath(url), Number(line));
  }
  return undefined;
}

/** Whether a file belongs to vr: an error that vr throws is about the plugin that called it. */
function isOwn(url: string): boolean {
  return ["core/", "plugins/"].some((folder) =>
    url.startsWith(new URL(`../${folder}`, import.meta.url).href),
  );
}

/** The first line of `file` that a stack names. */
function lineIn(stack: string, file: string): number | undefined {
  for (const line of stack.split("\n")) {
    const index = line.indexOf(file);
    const number = index < 0 ? undefined : /^:(\d+)/.exec(line.slice(index + file.length))?.[1];
    if (number) return Number(number);
  }
  return undefined;
}

/** The line that writes the option which a message names: `limits.maxTurns: …`, `Unrecognized key: "prot"`. */
function optionLine(message: string, file: string, from = 1): number | undefined {
  const key =
    /key: "([^"]+)"/.exec(message)?.[1] ?? /: (?:[\w[\]]+\.)*([A-Za-z]\w*)(?:\[\d+\])*: /.exec(message)?.[1];
  return key ? findLine(file, new RegExp(`["']?\\b${key}\\b["']?\\s*[:,}]`), from) : undefined;
}

/** The line that imports what a message says is not there. */
function importLine(message: string, file: string): number | undefined {
  const name = /(?:Cannot find (?:package|module)|there is no) ["']([^"']+)["']/.exec(message)?.[1];
  const last = name?.slice(name.lastIndexOf("/") + 1).replace(/[^\w-]/g, "\\$&");
  return last ? findLine(file, new RegExp(`["'/]${last}["']`)) : undefined;
}

function findLine(file: string, pattern: RegExp, from = 1): number | undefined {
  const lines = readFileSync(file, "utf8").split("\n");
  const index = lines.findIndex((line, i) => i >= from - 1 && pattern.test(line));
  return index < 0 ? undefined : index + 1;
}

function place(file: string, line: number | undefined): string {
  return line === undefined ? shown(file) : `${shown(file)}:${line}`;
}

/** A path as it is said to users: relative where it is below the working directory. */
export function shown(file: string): string {
  const short = relative(process.cwd(), file);
  return short.startsWith("..") ? file : short;
}
