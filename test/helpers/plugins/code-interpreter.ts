import {
  createJsonStringCutter,
  type Plugin,
  type Presentation,
  type Tool,
  type ToolResult,
  type wire,
} from "vr-gateway";

type Call = wire.CodeInterpreterToolCall;

/** Runs Python, or pretends to. */
export type RunPython = (code: string) => Promise<{ logs: string }> | { logs: string };

/** Entries of type `code_interpreter`, shown as `code_interpreter_call`s whose code streams live. */
export function codeInterpreter(run: RunPython): Plugin {
  return {
    name: "code-interpreter",
    setup: (vr) =>
      vr.tools.kind({
        type: "code_interpreter",
        resolve: (entry) => {
          const container = (entry as wire.CodeInterpreterTool).container ?? { type: "auto" };
          return { tools: [python(typeof container === "string" ? container : "cntr_auto", run)] };
        },
        items: ["code_interpreter_call"],
        replay: (item) => (item.type === "code_interpreter_call" ? replay(item) : undefined),
        mask: (item, include) =>
          item.type === "code_interpreter_call" && !include.has("code_interpreter_call.outputs")
            ? { ...item, outputs: null }
            : item,
      }),
  };
}

function python(containerId: string, run: RunPython): Tool {
  return {
    name: "python",
    description: "Runs Python code and returns what it prints.",
    parameters: {
      type: "object",
      properties: { code: { type: "string" } },
      required: ["code"],
      additionalProperties: false,
    },
    present: () => present(containerId),
    async execute({ code }): Promise<ToolResult> {
      const { logs } = await run(String(code));
      return { kind: "output", output: logs, details: logs };
    },
  };
}

function present(containerId: string): Presentation {
  const cutter = createJsonStringCutter("code");
  const opened = {
    type: "code_interpreter_call" as const,
    status: "in_progress" as const,
    container_id: containerId,
    code: "",
    outputs: null,
  };
  let isReady = false;
  const codeDone = () => ({
    type: "response.code_interpreter_call_code.done" as const,
    code: cutter.value,
  });
  return {
    idPrefix: "ci",
    item: opened,
    opened: [{ type: "response.code_interpreter_call.in_progress" }],
    args(json) {
      const delta = cutter.push(json);
      return delta === "" ? [] : [{ type: "response.code_interpreter_call_code.delta", delta }];
    },
    ready() {
      isReady = true;
      return [codeDone(), { type: "response.code_interpreter_call.interpreting" }];
    },
    done(end) {
      const item = { ...opened, code: cutter.value };
      if (end.kind === "stopped")
        return { item: { ...item, status: "incomplete" }, events: isReady ? [] : [codeDone()] };
      const logs = end.kind === "output" ? String(end.details ?? end.output) : end.message;
      return {
        item: {
          ...item,
          status: end.kind === "output" ? "completed" : "failed",
          outputs: [{ type: "logs", logs }],
        },
        events: [{ type: "response.code_interpreter_call.completed" }],
      };
    },
  };
}

function replay({ id, code, outputs }: Call) {
  const logs = (outputs ?? []).map((output) => (output.type === "logs" ? output.logs : output.url));
  return { id, name: "python", arguments: JSON.stringify({ code }), output: logs.join("\n") };
}
