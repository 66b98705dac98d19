import { z } from "zod";
import { setting } from "../../core/index.ts";
import type { RuntimeFactory } from "./runtime.ts";

const milliseconds = z
  .int()
  .positive()
  .max(24 * 60 * 60_000);
const count = z.int().positive();

const limits = z
  .strictObject({
    /** Milliseconds of wall time of one execution; then it is interrupted. */
    executionMs: milliseconds.default(60_000),
    /** Executions at once. */
    concurrent: count.default(8),
    /** Executions that wait; one more is refused, and the model is told. */
    queued: z.int().nonnegative().default(100),
    /** Milliseconds that an execution waits. */
    queueMs: milliseconds.default(60_000),
    /** Containers with a process or kernel of their own. Above it the one that was idle longest expires. */
    sessions: count.default(16),
    /** Containers altogether, those without a process too. */
    containers: count.default(1_000),
    /** Milliseconds without use until a container expires. */
    idleMs: milliseconds.default(20 * 60_000),
    /** Characters of text that one execution's outputs keep: the first and the last half. */
    logCharacters: z.int().min(100).default(262_144),
    /** Characters of them that the model is told, likewise. */
    modelCharacters: z.int().min(100).default(20_000),
    /** Images of one execution. */
    images: z.int().nonnegative().default(10),
    /** Bytes of all images of one execution. */
    imageBytes: z
      .int()
      .nonnegative()
      .default(5 * 1024 * 1024),
    /** Files that a container lists. */
    files: count.default(1_000),
    /** Bytes of a file that can be downloaded. */
    fileBytes: count.default(64 * 1024 * 1024),
  })
  .refine(({ concurrent, sessions }) => concurrent <= sessions, {
    message: "must be at least `concurrent`: every execution has a session",
    path: ["sessions"],
  });

const runtimeFactory = z.custom<RuntimeFactory>(
  (value) => typeof (value as RuntimeFactory | null)?.create === "function",
  'expected "auto", jupyter({…}) or pyodide({…})',
);

export const optionsSchema = z.strictObject({
  /** Where code runs. "auto": in Jupyter when `VR_JUPYTER_URL` is set, else in Pyodide. */
  runtime: z.union([z.literal("auto"), runtimeFactory]).default("auto"),
  /** Every execution starts with nothing: neither variables nor files of earlier ones. */
  freshGlobals: z.boolean().default(false),
  /** Sessions that are started before they are needed. 0 starts each when it is. */
  spares: z.int().nonnegative().max(32).default(1),
  /** Start the spares with the gateway, instead of at the first use. */
  startAhead: z.boolean().default(false),
  limits: limits.prefault({}),
});

export const settings = {
  VR_JUPYTER_URL: setting({
    schema: z.url({ protocol: /^https?$/, error: "expected a URL such as http://127.0.0.1:8888" }),
    help:
      "Jupyter server or kernel gateway that runs code_interpreter's Python, such as http://127.0.0.1:8888; " +
      "without it Python runs in vr's own sandbox",
  }),
  VR_JUPYTER_TOKEN: setting({
    // A token that was read from a file may end with a line break.
    schema: z.string().transform((text) => text.trim() || undefined),
    help: "sent to VR_JUPYTER_URL",
    secret: true,
  }),
};

export type Options = z.output<typeof optionsSchema>;
export type Limits = Options["limits"];
