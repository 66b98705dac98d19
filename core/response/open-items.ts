import type { TextChunk } from "../protocol/chunk.ts";
import type { EventDraft, Progress } from "../protocol/events.ts";
import type {
  Annotation,
  FunctionToolCall,
  LogProb,
  OutputItem,
  OutputMessage,
  ReasoningItem,
} from "../protocol/wire.ts";
import type { Presentation, Tool } from "../tool.ts";

export type ItemEnd = "completed" | "incomplete";

/** Where an item stands in the output. */
export interface Place {
  readonly id: string;
  readonly outputIndex: number;
}

/** A message or reasoning item whose one part is being streamed. */
export interface OpenText extends Place {
  readonly kind: Exclude<TextChunk["type"], "tool_arguments">;
  text: string;
  readonly logprobs: LogProb[];
  readonly annotations: Annotation[];
}

/** A call whose arguments are being streamed, or whose tool runs. It has no place while an approval hides it. */
export interface OpenCall extends Place {
  readonly callId: string;
  readonly name: string;
  arguments: string;
  /** Absent for a client function. */
  readonly tool?: Tool;
  /** How a gateway call shows; absent while an approval hides it. */
  readonly presentation?: Presentation;
}

/** A presentation's event, put in its place. */
export function placed(place: Place, progress: Progress): EventDraft {
  return { ...progress, item_id: place.id, output_index: place.outputIndex } as EventDraft;
}

export function openText(place: Place, kind: OpenText["kind"]): OpenText {
  return { ...place, kind, text: "", logprobs: [], annotations: [] };
}

/** The item of an open text as it would be if it ended now. */
export function textItem(open: OpenText, status: ItemEnd): OutputMessage | ReasoningItem {
  const { id, kind, text } = open;
  if (kind === "reasoning")
    return { id, type: "reasoning", status, summary: [], content: [{ type: "reasoning_text", text }] };
  const part =
    kind === "text"
      ? { type: "output_text" as const, text, annotations: open.annotations, logprobs: open.logprobs }
      : { type: "refusal" as const, refusal: text };
  return { id, type: "message", status, role: "assistant", content: [part] };
}

export function functionItem(
  open: OpenCall,
  status: FunctionToolCall["status"] & string,
): FunctionToolCall & { id: string } {
  const { id, callId, name } = open;
  return { id, type: "function_call", status, call_id: callId, name, arguments: open.arguments };
}

/** `output_item.added` and, for texts, the part that opens with it. */
export function openingEvents(open: OpenText): EventDraft[] {
  const { id, outputIndex, kind } = open;
  const at = { item_id: id, output_index: outputIndex, content_index: 0 };
  if (kind === "reasoning")
    return [
      added(outputIndex, { id, type: "reasoning", status: "in_progress", summary: [], content: [] }),
      { type: "response.content_part.added", ...at, part: { type: "reasoning_text", text: "" } },
    ];
  return [
    added(outputIndex, { id, type: "message", status: "in_progress", role: "assistant", content: [] }),
    {
      type: "response.content_part.added",
      ...at,
      part:
        kind === "text"
          ? { type: "output_text", text: "", annotations: [], logprobs: [] }
          : { type: "refusal", refusal: "" },
    },
  ];
}

/** The events that end a text item before its `output_item.done`, annotations that came last included. */
export function closingEvents(open: OpenText, item: OutputMessage | ReasoningItem): EventDraft[] {
  const at = { item_id: open.id, output_index: open.outputIndex, content_index: 0 };
  const part = item.content?.[0];
  if (!part) return [];
  const partDone: EventDraft = { type: "response.content_part.done", ...at, part };
  switch (part.type) {
    case "reasoning_text":
      return [{ type: "response.reasoning_text.done", ...at, text: part.text }, partDone];
    case "refusal":
      return [{ type: "response.refusal.done", ...at, refusal: part.refusal }, partDone];
    case "output_text":
      return [
        ...part.annotations.slice(open.annotations.length).map((annotation, i): EventDraft => {
          const annotation_index = open.annotations.length + i;
          return { type: "response.output_text.annotation.added", ...at, annotation_index, annotation };
        }),
        { type: "response.output_text.done", ...at, text: part.text, logprobs: part.logprobs },
        partDone,
      ];
  }
}

export function added(outputIndex: number, item: OutputItem): EventDraft {
  return { type: "response.output_item.added", output_index: outputIndex, item };
}

export function done(outputIndex: number, item: OutputItem): EventDraft {
  return { type: "response.output_item.done", output_index: outputIndex, item };
}
