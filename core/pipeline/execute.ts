import type { ToolTurn } from "../context.ts";
import { isGuardrailStop, isVrError } from "../errors.ts";
import { isItemEvent } from "../protocol/events.ts";
import { isToolOutput } from "../protocol/tool-output.ts";
import { cutCredentials } from "../secrets.ts";
import type { Tool, ToolResult } from "../tool.ts";
import { within } from "../within.ts";

/**
 * Runs a tool to its end, to `timeoutMs` or to the abort of `turn.signal`, whichever comes first; a tool that
 * does not obey the signal is left behind. A throw is an error that the model is told.
 * @throws the signal's reason; GuardrailStop
 */
export async function execute(
  tool: Tool,
  args: Record<string, unknown>,
  turn: ToolTurn,
  timeoutMs: number,
): Promise<ToolResult> {
  const late = new Error("timed out");
  let running = true;
  // What a tool that was left behind still reports is ignored: its item has ended.
  const progress: ToolTurn["progress"] = (event) => {
    if (!isItemEvent(event?.type)) throw new TypeError("turn.progress takes an event of the call's own item");
    if (running) turn.progress(event);
  };
  try {
    const given = await within({ ms: timeoutMs, stop: turn.signal, late: () => late }, (signal) =>
      tool.execute(args, { ...turn, signal, progress }),
    );
    return toResult(given);
  } catch (error) {
    if (isGuardrailStop(error)) throw error;
    if (error === late) return { kind: "error", message: `The tool gave no result within ${timeoutMs} ms.` };
    if (turn.signal.aborted) throw turn.signal.reason;
    turn.log.warn({ tool: tool.name, err: error }, "a tool failed");
    return { kind: "error", message: messageOf(error) };
  } finally {
    running = false;
  }
}

/**
 * Turns what a tool returned into a result: a bare output counts too. Checks it, since not every tool is typed.
 * @throws Error whose message the model reads
 */
function toResult(given: unknown): ToolResult {
  if (isToolOutput(given)) return { kind: "output", output: given };
  const { kind, output, message } = (given ?? {}) as Partial<Record<string, unknown>>;
  if (kind === "output" && isToolOutput(output)) return given as ToolResult;
  if (kind === "error" && typeof message === "string") return given as ToolResult;
  if (kind !== "output" && kind !== "error" && isData(given))
    return { kind: "output", output: toJson(given) };
  throw new Error("The tool gave no result.");
}

/** A list or a plain object. Of most other objects JSON does not show the contents. */
function isData(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Array.isArray(value);
}

function toJson(value: object): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw new Error("The tool gave a result that cannot be written as JSON.", { cause });
  }
}

/** For the model and the client, so credentials are removed: a tool's server may have named some. */
function messageOf(error: unknown): string {
  if (isVrError(error) || error instanceof Error) return cutCredentials(error.message);
  return "The tool failed.";
}
