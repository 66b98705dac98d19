import { definePlugin, isVrError } from "../../core/index.ts";
import { chooseRuntime } from "./choose-runtime.ts";
import { containerRoutes } from "./container-routes.ts";
import { Interpreter } from "./interpreter.ts";
import { optionsSchema, settings } from "./options.ts";
import { RuntimeError } from "./runtime.ts";
import { codeInterpreterKind } from "./tool-kind.ts";

export { jupyter } from "./jupyter/index.ts";
export { pyodide } from "./pyodide/index.ts";
export {
  type CodeRuntime,
  type ExecutionEnd,
  type ExecutionLimits,
  type OutputSink,
  type RuntimeEnvironment,
  RuntimeError,
  type RuntimeFactory,
  type RuntimeFacts,
  type RuntimeWork,
  type Session,
  type SessionFile,
} from "./runtime.ts";

/** Runs Python code that models write: `tools: [{"type": "code_interpreter"}]`. */
export const codeInterpreter = definePlugin({
  name: "code-interpreter",
  once: true,
  settings,
  options: optionsSchema,
  setup(vr, options) {
    const runtime = chooseRuntime(vr, options.runtime);
    const interpreter = new Interpreter(runtime, options, vr.log);
    vr.tools.kind(codeInterpreterKind(interpreter));
    containerRoutes(vr, interpreter);
    vr.dependencies.add({
      name: "code-interpreter",
      description: runtime.description,
      check: async (signal) => ({
        ...(await checked(runtime.check(signal))),
        ...interpreter.state,
      }),
      examine: (signal) => checked(runtime.examine(signal)),
    });
    if (options.startAhead) vr.onReady(() => interpreter.spares.fill());
    vr.onClose(() => interpreter.close());
  },
});

export default codeInterpreter;

/** What a check of the runtime gives. A runtime's errors may be shown, of whatever class they are. */
async function checked<T>(check: Promise<T>): Promise<T> {
  try {
    return await check;
  } catch (error) {
    throw isVrError(error)
      ? error
      : new RuntimeError("unavailable", (error as Error).message, { cause: error });
  }
}
