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
    collector.note(`Variables and files of earlier calls are gone. ${container.loss}`);
  container.loss = undefined;
  try {
    const end = await session.execute(code, collector, {
      timeoutMs: limits.executionMs,
      signal,
      logCharacters: limits.logCharacters,
    });
    turn.signal.throwIfAborted();
    const failure = describeFailure(end, limits.executionMs, session.alive, container);
    if (failure) collector.note(failure);
    if (!session.alive) container.forget(session);
    const details: CodeDetails = { outputs: collector.outputs(), failed: failure !== undefined };
    return { kind: "output", output: toToolOutput(details.outputs, limits.modelCharacters), details };
  } finally {
    container.touch();
    if (freshGlobals) await session.close();
  }
}

/** What the model is to know of an end that was not the code's own. `undefined` for one that was. */
function describeFailure(
  end: ExecutionEnd,
  executionMs: number,
  alive: boolean,
  { ending }: Container,
): string | undefined {
  if (end.kind === "finished" || end.kind === "raised") return undefined;
  const lost = end.kind === "died" || end.lost;
  const loss = alive ? lost && "Variables are gone." : "Variables and files are gone.";
  const parts = [
    "The code was stopped.",
    ending.aborted ? (ending.reason as Error).message : causeOf(end),
    loss,
  ];
  return parts.filter(Boolean).join(" ");

  function causeOf(failed: Exclude<ExecutionEnd, { kind: "finished" | "raised" }>): string {
    switch (failed.kind) {
      case "timed_out":
        return `It ran longer than ${executionMs} ms.`;
      case "interrupted":
        return "";
      case "died":
        return failed.reason;
    }
  }
}
