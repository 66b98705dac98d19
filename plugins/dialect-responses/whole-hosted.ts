import type { EventDraft, ModelChunk, wire } from "../../core/index.ts";

/** The stages of such items after their opening, as event names. */
export const STAGES: Readonly<Record<string, readonly string[]>> = {
  web_search_call: ["in_progress", "searching", "completed"],
  file_search_call: ["in_progress", "searching", "completed"],
  image_generation_call: ["in_progress", "generating", "completed"],
  code_interpreter_call: ["in_progress", "interpreting", "completed"],
};

/** Adds a hosted tool's item that came whole, as the chunks of a stream. */
export function wholeHosted(item: wire.OutputItem, out: ModelChunk[]): void {
  const { id, status } = item as { id?: unknown; status?: unknown };
  const done: ModelChunk = { type: "item", stage: "done", item };
  const stages = STAGES[item.type];
  if (!stages || typeof id !== "string" || id === "") {
    out.push(done);
    return;
  }
  const tell = (type: string, fields: object = {}) =>
    out.push({
      type: "item_event",
      event: { type, item_id: id, output_index: 0, ...fields } as unknown as EventDraft,
    });
  out.push({
    type: "item",
    stage: "added",
    item: { ...item, status: "in_progress", ...unsaid(item) } as wire.OutputItem,
  });
  const [begun = "", ...further] = stages;
  tell(`response.${item.type}.${begun}`);
  if (item.type === "code_interpreter_call") {
    const code = item.code ?? "";
    if (code !== "") tell("response.code_interpreter_call_code.delta", { delta: code });
    tell("response.code_interpreter_call_code.done", { code });
  }
  if (status === "completed") for (const stage of further) tell(`response.${item.type}.${stage}`);
  out.push(done);
}

/** The item as it is when it opens, without what comes later. */
function unsaid(item: wire.OutputItem): object {
  switch (item.type) {
    case "code_interpreter_call":
      return { code: "", outputs: null };
    case "file_search_call":
      return { results: undefined };
    case "image_generation_call":
      return { result: null };
    default:
      return {};
  }
}
