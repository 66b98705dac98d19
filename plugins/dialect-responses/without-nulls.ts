import { isObject, type wire } from "../../core/index.ts";

/** Required fields that may be null. */
const REQUIRED: ReadonlySet<string> = new Set([
  "call_id", // tool_search_call
  "code", // code_interpreter_call
  "environment", // shell_call
  "keys", // an action of computer_call
  "max_output_length", // shell_call_output
  "outputs", // code_interpreter_call
  "result", // image_generation_call
  "timeout_ms", // an action of shell_call
]);

/** Fields with other people's JSON, in which null has a meaning. */
const FOREIGN: ReadonlySet<string> = new Set(["tools", "attributes", "arguments"]);

/** Removes nulls of optional fields. Some servers write them, and clients' types do not allow them. */
export function withoutNulls<T extends wire.OutputItem>(item: T): T {
  return cleaned(item as object) as T;
}

/** Returns the same object if there is nothing to remove. */
function cleaned(fields: object): object {
  let clean: Record<string, unknown> | undefined;
  for (const [name, value] of Object.entries(fields)) {
    if (value === null) {
      if (REQUIRED.has(name)) continue;
      clean ??= { ...fields };
      delete clean[name];
    } else if (typeof value === "object" && !FOREIGN.has(name)) {
      const inside = Array.isArray(value) ? cleanedList(value) : cleaned(value);
      if (inside === value) continue;
      clean ??= { ...fields };
      clean[name] = inside;
    }
  }
  return clean ?? fields;
}

function cleanedList(list: readonly unknown[]): readonly unknown[] {
  const clean = list.map((one) => (isObject(one) ? cleaned(one) : one));
  return clean.some((one, i) => one !== list[i]) ? clean : list;
}
