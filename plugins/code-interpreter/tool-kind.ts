import {
  functionNamesOf,
  InvalidRequestError,
  type ResponseContext,
  type Tool,
  type ToolEntry,
  type ToolKind,
} from "../../core/index.ts";
import { type ContainerChoice, chooseContainer } from "./container-choice.ts";
import type { Interpreter } from "./interpreter.ts";
import { present } from "./presentation.ts";
import { runCode } from "./run-code.ts";
import { toToolOutput } from "./to-tool-output.ts";

/** The tool's name for models. Many were trained with it. */
const NAME = "python";
/** The name if the client has a function with the first name. */
const OTHER_NAME = "code_interpreter";
/** The output of a call that the client sends back without outputs, since it had not asked to see them. */
const UNKNOWN = "(the output of this call is not known any more)";

/** The kind for `tools: [{"type": "code_interpreter"}]` and its items. */
export function codeInterpreterKind(interpreter: Interpreter): ToolKind {
  const { limits } = interpreter;
  return {
    type: "code_interpreter",
    resolve(entry, context) {
      const first = context.request.tools.find(({ type }) => type === "code_interpreter");
      if (first !== entry)
        throw new InvalidRequestError("another entry is of this type already", { param: "type" });
      return { tools: [python(interpreter, chooseContainer(interpreter, entry, context), context)] };
    },
    items: ["code_interpreter_call"],
    replay: (item, entries) =>
      item.type === "code_interpreter_call"
        ? {
            id: item.id,
            name: nameBeside(entries),
            arguments: JSON.stringify({ code: item.code ?? "" }),
            output: item.outputs ? toToolOutput(item.outputs, limits.modelCharacters) : UNKNOWN,
          }
        : undefined,
    mask: (item, include) =>
      item.type === "code_interpreter_call" && !include.has("code_interpreter_call.outputs")
        ? { ...item, outputs: null }
        : item,
  };
}

function python(interpreter: Interpreter, container: ContainerChoice, context: ResponseContext): Tool {
  return {
    name: nameBeside(context.request.tools),
    wireName: "code_interpreter",
    description: describe(interpreter),
    parameters: {
      type: "object",
      properties: { code: { type: "string", description: "The Python code to run." } },
      required: ["code"],
      additionalProperties: false,
    },
    present: () => present(container.id),
    execute({ code }, turn) {
      if (typeof code !== "string")
        return { kind: "error", message: 'The code was not run: "code" must be a string.' };
      return runCode(interpreter, container, code, turn);
    },
  };
}

/** A name that none of the client's functions has. */
function nameBeside(entries: readonly ToolEntry[]): string {
  return functionNamesOf(entries).has(NAME) ? OTHER_NAME : NAME;
}

function describe({ runtime, freshGlobals, limits }: Interpreter): string {
  const kept = freshGlobals
    ? "Every call starts afresh, without the variables and files of earlier ones."
    : "Variables, and files in the working directory, are kept between calls.";
  const seconds = Math.max(1, Math.round(limits.executionMs / 1000));
  return [
    "Runs Python code and returns what it prints, the value of its last expression, and errors.",
    kept,
    runtime.abilities,
    `A call may take ${seconds} seconds.`,
  ].join(" ");
}
