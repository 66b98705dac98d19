import { type EventDraft, isItemEvent, type ModelChunk, type wire } from "../../core/index.ts";
import type { Begun } from "./begun-items.ts";
import { toDraft } from "./hosted-items.ts";
import { rest } from "./text-items.ts";
import { STAGES } from "./whole-hosted.ts";
import type { ServerEvent } from "./wire-event.ts";

const CODE = "response.code_interpreter_call_code";
/** Marks the end of the code among the stages of an item that has code. */
const CODED = "coded";

/** The stage that each such item has at once, even if the server cuts it off before it says so. */
export function hostedBegin(begun: Begun, out: ModelChunk[]): void {
  tellUpTo(begun, "in_progress", out);
}

/** Passes on an event of a hosted tool's item. Each stage is passed on once and in order, whatever the server sends. */
export function hostedEvent(begun: Begun, event: ServerEvent, out: ModelChunk[]): void {
  const { type } = event;
  if (!isItemEvent(type)) return;
  const stages = stagesOf(begun);
  if (type === `${CODE}.delta`) moreCode(begun, event.delta, out);
  else if (type === `${CODE}.done`) wholeCode(begun, event.code, out);
  else {
    const stage = type.slice(`response.${begun.item?.type}.`.length);
    if (stages.includes(stage)) tellUpTo(begun, stage, out);
    else {
      tellUpTo(begun, "in_progress", out);
      out.push({ type: "item_event", event: toDraft(event, begun.id) });
    }
  }
}

/** The stages that a completed item has not had yet. */
export function hostedEnd(begun: Begun, item: wire.OutputItem, out: ModelChunk[]): void {
  if (!("status" in item) || item.status !== "completed") return;
  if (item.type === "code_interpreter_call") wholeCode(begun, item.code, out);
  tellUpTo(begun, "completed", out);
}

function stagesOf({ item }: Begun): readonly string[] {
  const stages = STAGES[item?.type ?? ""] ?? [];
  return item?.type === "code_interpreter_call" ? stages.toSpliced(1, 0, CODED) : stages;
}

function tellUpTo(begun: Begun, last: string, out: ModelChunk[]): void {
  const stages = stagesOf(begun);
  const upTo = stages.indexOf(last) + 1;
  for (; begun.stage < upTo; begun.stage += 1) {
    const stage = stages[begun.stage];
    const what =
      stage === CODED
        ? { type: `${CODE}.done`, code: begun.args }
        : { type: `response.${begun.item?.type}.${stage}` };
    out.push({ type: "item_event", event: inItem(begun, what) });
  }
}

function moreCode(begun: Begun, delta: unknown, out: ModelChunk[]): void {
  if (typeof delta !== "string" || delta === "" || begun.stage > 1) return;
  tellUpTo(begun, "in_progress", out);
  begun.args += delta;
  out.push({ type: "item_event", event: inItem(begun, { type: `${CODE}.delta`, delta }) });
}

function wholeCode(begun: Begun, code: unknown, out: ModelChunk[]): void {
  moreCode(begun, rest(code, begun.args), out);
  tellUpTo(begun, CODED, out);
}

function inItem({ id }: Begun, fields: object): EventDraft {
  return { ...fields, item_id: id, output_index: 0 } as unknown as EventDraft;
}
