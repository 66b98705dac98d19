import { z } from "zod";

/** Options of the built-in Python, checked when the configuration loads. */
export const optionsSchema = z.strictObject({
  /** Most MiB for Python and its files, per session. */
  memoryMiB: z.int().min(64).max(4096).default(512),
  /** Most sessions at once, each in its own process. Further ones are refused as busy. */
  maxSessions: z.int().min(1).default(64),
  /** Most sessions that start at once. A start takes a core, so more starts would only delay each other. */
  maxStarts: z.int().min(1).default(4),
  /** Milliseconds in which a started process must be ready. */
  startTimeoutMs: z.int().min(1).default(30_000),
  /** Milliseconds for interrupted code to end before its process is killed. */
  interruptGraceMs: z.int().min(1).default(1_000),
  /** Milliseconds for listing or reading files. */
  fileTimeoutMs: z.int().min(1).default(10_000),
  /**
   * The folder for the snapshot of a started Python, which makes later starts faster. Default: the user's cache folder.
   * If it is not writable, the snapshot is made again after each start of the gateway.
   */
  cacheFolder: z.string().min(1).optional(),
});

export type PyodideOptions = z.input<typeof optionsSchema>;
export type PyodideSettings = z.output<typeof optionsSchema>;
