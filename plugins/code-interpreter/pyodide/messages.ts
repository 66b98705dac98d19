import { z } from "zod";
import { MAX_PATH_CHARACTERS } from "./child/limits.ts";

/**
 * The messages between gateway and child: one JSON value per line, over the child's standard input and output. The
 * child runs untrusted code, so its messages are checked like a client's request.
 */
export type Command =
  | {
      type: "execute";
      code: string;
      logCharacters: number;
      /** Milliseconds after which the child ends itself if the gateway has not ended it. */
      lifetimeMs: number;
    }
  | { type: "files"; limit: number }
  | { type: "read"; path: string; maxBytes: number };

/** The settings of a new child. */
export interface ChildSettings {
  /** The folder of the `pyodide` package. */
  packageFolder: string;
  /** Bytes of Python's memory and files together. */
  memoryBytes: number;
  /** Bytes of Python's stack that fit the process's stack; absent for the default stack. */
  stackBytes?: number | undefined;
  /** `load`: from the file descriptor of the snapshot; `make`: write one there. */
  snapshot: "none" | "load" | "make";
}

/** Bytes of a line that the gateway accepts: an image in base64 is the longest. */
export const MAX_LINE_BYTES = 12 * 1024 * 1024;
const file = z.object({
  path: z.string().min(1).max(MAX_PATH_CHARACTERS),
  bytes: z.int().nonnegative(),
  modifiedAt: z.number().nonnegative(),
});

const childMessage = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("ready"),
    python: z.string().max(100),
    snapshot: z.enum(["none", "loaded", "made"]),
  }),
  z.object({
    type: z.literal("text"),
    stream: z.enum(["stdout", "stderr", "result", "traceback"]),
    text: z.string(),
  }),
  z.object({ type: z.literal("cut"), count: z.int().nonnegative() }),
  z.object({
    type: z.literal("image"),
    mediaType: z.enum(["image/png", "image/jpeg", "image/svg+xml"]),
    base64: z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/),
  }),
  z.object({ type: z.literal("end"), kind: z.enum(["finished", "raised"]) }),
  /** The child is about to end because of the code. */
  z.object({ type: z.literal("gone"), reason: z.enum(["exit", "crash"]), detail: z.string().max(500) }),
  z.object({ type: z.literal("files"), files: z.array(file) }),
  z.object({ type: z.literal("part"), base64: z.string() }),
  z.object({ type: z.literal("read"), bytes: z.int().nonnegative() }),
  z.object({ type: z.literal("unread"), code: z.enum(["not_found", "too_large"]) }),
]);

export type ChildMessage = z.output<typeof childMessage>;

/** Parses a line. @throws SyntaxError or ZodError if it is not a message */
export const parseChildMessage = (line: string): ChildMessage => childMessage.parse(JSON.parse(line));
