import { z } from "zod";

/** Options of the built-in Python, checked when the configuration loads. */
export const optionsSchema = z.strictObject({
  /** MiB that Python and its files may use, of each session. */
  memoryMiB: z.int().min(64).max(4096).default(512),
  /** Sessions at once, each a process of its own; one more is refused as busy. */
  maxSessions: z.int().min(1).default(64),
  /** Sessions that start at once: a start takes a core, so more of them only make each other late. */
  maxStarts: z.int().min(1).default(4),
  /** Milliseconds until a process that is not ready is given up, from its own start. */
  startTimeoutMs: z.int().min(1).default(30_000),
  /** Milliseconds that interrupted code has to obey before its process is killed. */
  interruptGraceMs: z.int().min(1).default(1_000),
  /** Milliseconds for listing or reading files. */
  fileTimeoutMs: z.int().min(1).default(10_000),
  /**
   * Where the snapshot of a started Python is kept, which shortens the starts after it. Absent: the user's cache
   * folder. A folder that cannot be written costs only the first start after that of the gateway.
   */
  cacheFolder: z.string().min(1).optional(),
});

export type PyodideOptions = z.input<typeof optionsSchema>;
export type Settings = z.output<typeof optionsSchema>;
