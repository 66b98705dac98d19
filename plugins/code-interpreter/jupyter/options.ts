import { z } from "zod";
import { parseAddress, URL_FORM } from "./address.ts";

const milliseconds = z.int().positive();

/** What HTTP takes; the line break that ends a key which was read from a file is taken off. */
export const token = z
  .string()
  .trim()
  .regex(/^[\x21-\x7e]+$/, "holds a character that no header may have, such as a line break");

export const options = z.strictObject({
  /** URL of the Jupyter server or kernel gateway. Default: `VR_JUPYTER_URL`. A `?token=` in it is used as the token. */
  url: z
    .string()
    .refine((text) => parseAddress(text) !== undefined, URL_FORM)
    .optional(),
  /** Sent as `Authorization: token …`. Default: the URL's token, else `VR_JUPYTER_TOKEN`. */
  token: token.optional(),
  /** Name of a kernelspec. Default: the server's default. */
  kernel: z.string().min(1).optional(),
  /** What the model reads about the kernel, instead of a general sentence. */
  abilities: z.string().min(1).optional(),
  /** Set "none" if the kernels' host has no network access. vr cannot check that. */
  network: z.enum(["none", "open"]).default("open"),
  /** Milliseconds until a new kernel must be ready. After a third of this time, a second kernel is started too. */
  startTimeoutMs: milliseconds.default(30_000),
  /** Milliseconds for one call of the server's API, and for listing or reading files. */
  requestTimeoutMs: milliseconds.default(15_000),
  /** Milliseconds for interrupted code to end before its kernel is restarted. */
  interruptGraceMs: milliseconds.default(2_000),
  /** Milliseconds for a restart, by vr or by the server after a kernel died, until the kernel is ready again. */
  restartTimeoutMs: milliseconds.default(30_000),
  /** Most bytes of output of one execution, with images. Code that exceeds it is interrupted. */
  floodBytes: z.int().positive().default(268_435_456),
  /** MiB of address space of each process of a Python kernel (RLIMIT_AS), if the system supports this limit. */
  memoryMiB: z.int().positive().optional(),
  /** Most processes and threads of the kernels' user, for all kernels together (RLIMIT_NPROC); root is exempt. */
  processes: z.int().positive().optional(),
});

/** The options as a user writes them. */
export type JupyterOptions = z.input<typeof options>;
/** The options after the check, with all defaults. */
export type CheckedOptions = z.output<typeof options>;
