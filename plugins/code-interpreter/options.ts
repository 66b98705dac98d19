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
    /** Milliseconds of wall time after which an execution is interrupted. */
    executionMs: milliseconds.default(60_000),
    /** Most executions at once. */
    concurrent: count.default(8),
    /** Most waiting executions. Further ones are refused, with an error for the model. */
    queued: z.int().nonnegative().default(100),
    /** Milliseconds that an execution may wait. */
    queueMs: milliseconds.default(60_000),
    /** Most containers with a process or kernel. Beyond that, the one that was idle longest expires. */
    sessions: count.default(16),
    /** Most containers, with those that have no process. */
    containers: count.default(1_000),
    /** Milliseconds without use after which a container expires. */
    idleMs: milliseconds.default(20 * 60_000),
    /** Most characters kept of one execution's text output. Half of them from its beginning, half from its end. */
    logCharacters: z.int().min(100).default(262_144),
    /** Most characters of it that the model reads, chosen in the same way. */
    modelCharacters: z.int().min(100).default(20_000),
    /** Most images of one execution. */
    images: z.int().nonnegative().default(10),
    /** Most bytes of all images of one execution. */
    imageBytes: z
      .int()
      .nonnegative()
      .default(5 * 1024 * 1024),
    /** Most files that a container lists. */
    files: count.default(1_000),
    /** Most bytes of a file that can be downloaded. */
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
  /** Whether every execution starts without the variables and files of earlier ones. */
  freshGlobals: z.boolean().default(false),
  /** How many sessions are started before they are needed. 0: each is started when it is needed. */
  spares: z.int().nonnegative().max(32).default(1),
  /** Whether spares are started with the gateway instead of at the first use. */
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
