import type { ChildMessage } from "../messages.ts";
import { FILE_PART_BYTES, MAX_PATH_CHARACTERS } from "./limits.ts";
import { type FileSystem, WORKING_FOLDER } from "./python.ts";

type Listed = Extract<ChildMessage, { type: "files" }>["files"][number];

/** Most names that are read, in all folders together. */
const MOST_NAMES = 100_000;
const DEEPEST = 32;

/** Regular files of the working directory, sorted by path; links and devices are left out. */
export function listFiles(fs: FileSystem, limit: number): Listed[] {
  const found: Listed[] = [];
  let names = 0;
  const walk = (folder: string, depth: number) => {
    for (const name of orNothing(() => fs.readdir(`${WORKING_FOLDER}/${folder}`)) ?? []) {
      if (name === "." || name === ".." || ++names > MOST_NAMES) continue;
      const path = folder + name;
      const entry = entryAt(fs, `${WORKING_FOLDER}/${path}`);
      if (path.length > MAX_PATH_CHARACTERS || !entry) continue;
      if (fs.isDir(entry.mode) && depth < DEEPEST) walk(`${path}/`, depth + 1);
      if (!fs.isFile(entry.mode)) continue;
      found.push({ path, bytes: entry.size, modifiedAt: Math.max(0, entry.mtime.getTime() / 1000) });
    }
  };
  if (isFolder(fs, WORKING_FOLDER)) walk("", 0);
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
  const entry = isInside(fs, path) ? entryAt(fs, absolute) : undefined;
  const stream = entry && fs.isFile(entry.mode) ? orNothing(() => fs.open(absolute, "r")) : undefined;
  if (!entry || !stream) return void send({ type: "unread", code: "not_found" });
  if (entry.size > maxBytes) send({ type: "unread", code: "too_large" });
  else sendParts(fs, stream, send);
  fs.close(stream);
}

function sendParts(fs: FileSystem, stream: object, send: (message: ChildMessage) => void): void {
  const part = Buffer.alloc(FILE_PART_BYTES);
  let bytes = 0;
  for (let read = fs.read(stream, part, 0, FILE_PART_BYTES); read > 0; ) {
    send({ type: "part", base64: part.toString("base64", 0, read) });
    bytes += read;
    read = fs.read(stream, part, 0, FILE_PART_BYTES);
  }
  send({ type: "read", bytes });
}

/** Whether the path leads through folders alone: no links, no "..". */
function isInside(fs: FileSystem, path: string): boolean {
  const names = path.split("/");
  if (names.some((name) => name === "" || name === "." || name === ".." || name.includes("\0"))) return false;
  let at = WORKING_FOLDER;
  for (const name of names) {
    if (!isFolder(fs, at)) return false;
    at = `${at}/${name}`;
  }
  return true;
}

const entryAt = (fs: FileSystem, path: string) => orNothing(() => fs.lstat(path));

function isFolder(fs: FileSystem, path: string): boolean {
  const entry = entryAt(fs, path);
  return entry !== undefined && fs.isDir(entry.mode);
}

/** The result of `look`; `undefined` if the file system throws, since there is no such file. */
function orNothing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
