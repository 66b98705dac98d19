import type { ChildMessage } from "../messages.ts";
import { FILE_PART_BYTES, MAX_PATH_CHARACTERS } from "./limits.ts";
import { type FileSystem, WORKING_FOLDER } from "./python.ts";

type Listed = Extract<ChildMessage, { type: "files" }>["files"][number];

/** Names that are looked at, in all folders together. */
const MOST_NAMES = 100_000;
const DEEPEST = 32;

/** Regular files of the working directory, sorted by path; links and devices are left out. */
export function listFiles(fs: FileSystem, limit: number): Listed[] {
  const found: Listed[] = [];
  let names = 0;
  const walk = (folder: string, depth: number) => {
    for (const name of fs.readdir(`${WORKING_FOLDER}/${folder}`)) {
      if (name === "." || name === ".." || ++names > MOST_NAMES) continue;
      const path = folder + name;
      if (path.length > MAX_PATH_CHARACTERS) continue;
      const { mode, size, mtime } = fs.lstat(`${WORKING_FOLDER}/${path}`);
      if (fs.isDir(mode) && depth < DEEPEST) walk(`${path}/`, depth + 1);
      if (!fs.isFile(mode)) continue;
      found.push({ path, bytes: size, modifiedAt: Math.max(0, mtime.getTime() / 1000) });
    }
  };
  if (fs.isDir(modeOf(fs, WORKING_FOLDER))) walk("", 0);
  return found.sort((one, other) => (one.path < other.path ? -1 : 1)).slice(0, limit);
}

/** Sends a file in parts. */
export function sendFile(
  fs: FileSystem,
  path: string,
  maxBytes: number,
  send: (message: ChildMessage) => void,
): void {
  const absolute = `${WORKING_FOLDER}/${path}`;
  if (!isInside(fs, path)) send({ type: "unread", code: "not_found" });
  else if (fs.lstat(absolute).size > maxBytes) send({ type: "unread", code: "too_large" });
  else sendParts(fs, absolute, send);
}

function sendParts(fs: FileSystem, absolute: string, send: (message: ChildMessage) => void): void {
  const stream = fs.open(absolute, "r");
  const part = Buffer.alloc(FILE_PART_BYTES);
  let bytes = 0;
  for (let read = fs.read(stream, part, 0, FILE_PART_BYTES); read > 0; ) {
    send({ type: "part", base64: part.toString("base64", 0, read) });
    bytes += read;
    read = fs.read(stream, part, 0, FILE_PART_BYTES);
  }
  fs.close(stream);
  send({ type: "read", bytes });
}

/** Whether the path leads to a regular file through folders alone: no links, no "..". */
function isInside(fs: FileSystem, path: string): boolean {
  const names = path.split("/");
  if (names.some((name) => name === "" || name === "." || name === ".." || name.includes("\0"))) return false;
  let at = WORKING_FOLDER;
  for (const name of names) {
    if (!fs.isDir(modeOf(fs, at))) return false;
    at = `${at}/${name}`;
  }
  return fs.isFile(modeOf(fs, at));
}

/** 0 when there is nothing. */
function modeOf(fs: FileSystem, path: string): number {
  try {
    return fs.lstat(path).mode;
  } catch {
    return 0;
  }
}
