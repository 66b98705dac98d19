import { createJsonStringCutter, type Presentation } from "../../core/index.ts";
import type { CodeOutput } from "./outputs.ts";

/** The `details` of the tool's result. */
export interface CodeDetails {
  outputs: CodeOutput[];
  /** Whether the code did not end by itself. */
  failed: boolean;
}

/** One call as a `code_interpreter_call`, whose code streams while the model writes it. */
export function present(containerId: string): Presentation {
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
      const details = isCodeDetails(end.details) ? end.details : undefined;
      const failed = end.kind === "error" || details?.failed === true;
      return {
        item: {
          ...item,
          status: failed ? "failed" : "completed",
          // A hook that answers instead of the tool gives no details.
          outputs: details?.outputs ?? [{ type: "logs", logs: textOf(end) }],
        },
        events: [{ type: "response.code_interpreter_call.completed" }],
      };
    },
  };
}

function isCodeDetails(details: unknown): details is CodeDetails {
  return Array.isArray((details as CodeDetails | undefined)?.outputs);
}

function textOf(end: Exclude<Parameters<Presentation["done"]>[0], { kind: "stopped" }>): string {
  if (end.kind === "error") return end.message;
  if (typeof end.output === "string") return end.output;
  return end.output.map((part) => (part.type === "input_text" ? part.text : `[${part.type}]`)).join("\n");
}
