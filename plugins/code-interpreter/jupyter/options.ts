import { z } from "zod";
import { parseAddress, URL_FORM } from "./address.ts";

const milliseconds = z.int().positive();

/** What HTTP takes; the line break that ends a key which was read from a file is taken off. */
export const token = z
  .string()
  .trim()
  .regex(/^[\x21-\x7e]+$/, "holds a character that no header may have, such as a line break");

export const options = z.strictObject({
  /** Where the Jupyter server or kernel gateway is; `VR_JUPYTER_URL` unless said. A `?token=` is taken out of it. */
  url: z
    .string()
    .refine((text) => parseAddress(text) !== undefined, URL_FORM)
    .optional(),
  /** Sent as `Authorization: token …`; that of the URL, then `VR_JUPYTER_TOKEN`, unless said. */
  token: token.optional(),
  /** Name of a kernelspec; the server's default unless said. */
  kernel: z.string().min(1).optional(),
  /** What the model is told of it, in place of a general sentence. */
  abilities: z.string().min(1).optional(),
  /** "none" when the kernels' host lets nothing out: vr cannot see that. */
  network: z.enum(["none", "open"]).default("open"),
  /** Until a new kernel is ready to execute. After a third of it a second kernel is started beside the first. */
  startTimeoutMs: milliseconds.default(30_000),
  /** For one call of the server's API, and for listing or reading files. */
  requestTimeoutMs: milliseconds.default(15_000),
  /** For interrupted code to end, before its kernel is restarted. */
  interruptGraceMs: milliseconds.default(2_000),
  /** For a restart, or for the server's own restart of a kernel that died, until it is ready again. */
  restartTimeoutMs: milliseconds.default(30_000),
  /** Bytes of output of one execution, images included; code that goes beyond is interrupted. */
  floodBytes: z.int().positive().default(268_435_456),
  /** Address space of each process of a Python kernel (RLIMIT_AS), where the system has such a limit. */
  memoryMiB: z.int().positive().optional(),
  /** Processes and threads of the kernels' user, all kernels together (RLIMIT_NPROC); root is exempt. */
  processes: z.int().positive().optional(),
});

/** What a user may write. */
export type JupyterOptions = z.input<typeof options>;
/** Checked, with all defaults. */
export type CheckedOptions = z.output<typeof options>;
