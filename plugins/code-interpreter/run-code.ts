import type { ToolResult, ToolTurn } from "../../core/index.ts";
import type { Container } from "./container.ts";
import type { ContainerChoice } from "./container-choice.ts";
import type { Interpreter } from "./interpreter.ts";
import { OutputCollector } from "./outputs.ts";
import type { CodeDetails } from "./presentation.ts";
import { type ExecutionEnd, RuntimeError, type Session } from "./runtime.ts";
import { toToolOutput } from "./to-tool-output.ts";

/** Who left was not told. */
const STOPPED = "Variables of earlier calls are gone. A call that was stopped did not end by itself.";

/** Runs code in the chosen container when its turn comes. @throws the signal's reason */
export async function runCode(
  interpreter: Interpreter,
  { id, loss }: ContainerChoice,
  code: string,
  turn: ToolTurn,
): Promise<ToolResult> {
  const { containers, queue, freshGlobals } = interpreter;
  try {
    const container = containers.provide(id, loss);
    // Calls that share no container need not wait for each other.
    const key = freshGlobals ? `${id} ${turn.callId}` : id;
    return await container.use(() =>
      queue.run(key, turn.signal, () => runIn(interpreter, container, code, turn)),
    );
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
  const session = freshGlobals ? await spares.take(signal) : await containers.session(container, turn.signal);
  const collector = new OutputCollector(limits);
  if (container.loss) collector.note(container.loss);
  container.loss = undefined;
  try {
    const end = await session.execute(code, collector, {
      timeoutMs: limits.executionMs,
      signal,
      logCharacters: limits.logCharacters,
    });
    if (turn.signal.aborted) {
      if (session.alive && isLost(end)) container.loss = STOPPED;
      throw turn.signal.reason;
    }
    const failure = describeFailure(end, limits.executionMs, session, container);
    if (failure) collector.note(failure);
    if (end.kind === "exited") collector.note(`The code ended its process. ${lossOf(session)}`);
    if (!session.alive) container.forget(session);
    const details: CodeDetails = { outputs: collector.outputs(), failed: failure !== undefined };
    return { kind: "output", output: toToolOutput(details.outputs, limits.modelCharacters), details };
  } finally {
    if (freshGlobals) await session.close();
  }
}

/** Whether the execution's end means that variables are gone. */
const isLost = (end: ExecutionEnd): boolean =>
  end.kind === "died" || end.kind === "exited" || ("lost" in end && end.lost);

const lossOf = ({ alive }: Session) => (alive ? "Variables are gone." : "Variables and files are gone.");

/** Tells the model why the code did not end by itself; `undefined` if it did. */
function describeFailure(
  end: ExecutionEnd,
  executionMs: number,
  session: Session,
  { ending }: Container,
): string | undefined {
  if (end.kind === "finished" || end.kind === "raised" || end.kind === "exited") return undefined;
  const loss = (!session.alive || isLost(end)) && lossOf(session);
  const parts = [
    "The code was stopped.",
    ending.aborted ? (ending.reason as Error).message : causeOf(end),
    loss,
  ];
  return parts.filter(Boolean).join(" ");

  function causeOf(failed: Exclude<ExecutionEnd, { kind: "finished" | "raised" | "exited" }>): string {
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
