import type { ToolResult, ToolTurn } from "../../core/index.ts";
import type { Container } from "./container.ts";
import type { Interpreter } from "./interpreter.ts";
import { OutputCollector } from "./outputs.ts";
import type { CodeDetails } from "./presentation.ts";
import { type ExecutionEnd, RuntimeError } from "./runtime.ts";
import { toToolOutput } from "./to-tool-output.ts";

/** Runs code in the container with this id when its turn has come. @throws the signal's reason */
export async function runCode(
  interpreter: Interpreter,
  containerId: string,
  code: string,
  turn: ToolTurn,
): Promise<ToolResult> {
  const { containers, queue, freshGlobals } = interpreter;
  try {
    const container = containers.get(containerId) ?? containers.create({ id: containerId, name: "auto" });
    // Calls that share nothing need not wait for each other.
    const key = freshGlobals ? `${container.id} ${turn.callId}` : container.id;
    return await queue.run(key, turn.signal, () => runIn(interpreter, container, code, turn));
  } catch (error) {
    turn.signal.throwIfAborted();
    if (!(error instanceof RuntimeError)) throw error;
    turn.log.warn({ err: error }, "code could not be run");
    return { kind: "error", message: `The code was not run: ${error.message}` };
  }
}

async function runIn(
  interpreter: Interpreter,
  container: Container,
  code: string,
  turn: ToolTurn,
): Promise<ToolResult> {
  const { containers, limits, freshGlobals, spares } = interpreter;
  const signal = AbortSignal.any([turn.signal, container.ending]);
  container.touch();
  const session = freshGlobals ? await spares.take(signal) : await containers.session(container, turn.signal);
  const collector = new OutputCollector(limits);
  if (container.loss && !freshGlobals)
    collector.note(`variables of earlier calls are gone. ${container.loss}`);
  container.loss = undefined;
  try {
    const end = await session.execute(code, collector, {
      timeoutMs: limits.executionMs,
      signal,
      logCharacters: limits.logCharacters,
    });
    turn.signal.throwIfAborted();
    const said = describeEnd(end, limits.executionMs, container);
    if (said) collector.note(said);
    const details: CodeDetails = { outputs: collector.outputs(), failed: said !== undefined };
    return { kind: "output", output: toToolOutput(details.outputs, limits.modelCharacters), details };
  } finally {
    container.touch();
    if (freshGlobals) await session.close();
  }
}

/** What the model is to know of an end that was not the code's own. */
function describeEnd(end: ExecutionEnd, executionMs: number, { ending }: Container): string | undefined {
  switch (end.kind) {
    case "finished":
    case "raised":
      return undefined;
    case "timed_out":
      return `the code was stopped: it ran longer than ${executionMs} ms.${lossOf(end.lost)}`;
    case "interrupted":
      return `the code was stopped. ${ending.aborted ? (ending.reason as Error).message : ""}${lossOf(end.lost)}`;
    case "died":
      return `the code was stopped. ${ending.aborted ? (ending.reason as Error).message : end.reason}`;
  }
}

function lossOf(lost: boolean): string {
  return lost ? " Variables are gone" : "";
}
