import type { PartType } from "../protocol/chunk.ts";
import type { EventDraft } from "../protocol/events.ts";
import type {
  Annotation,
  LogProb,
  OutputItem,
  OutputMessage,
  OutputMessageContent,
  ReasoningItem,
} from "../protocol/wire.ts";
import { added, type Place } from "./open-items.ts";

export type TextItem = OutputMessage | ReasoningItem;
export type ItemEnd = "completed" | "incomplete";
export function isText(item: OutputItem): item is TextItem {
  return item.type === "message" || item.type === "reasoning";
}

/** The chunks that such items are made of. */
export type WordsKind = "text" | "reasoning" | "refusal";

type ReasoningContent = NonNullable<ReasoningItem["content"]>[number];
type Summary = ReasoningItem["summary"][number];
type Part = OutputMessageContent | ReasoningContent | Summary;

/** A part that is being streamed. */
export interface OpenPart {
  readonly type: PartType;
  readonly kind: WordsKind;
  /** Its `content_index`, or its `summary_index`. */
  readonly index: number;
  text: string;
  readonly logprobs: LogProb[];
  readonly annotations: Annotation[];
}

/** A message or reasoning item that is being streamed. */
export interface OpenText extends Place {
  /** The item as the upstream opened it; the client may be shown another id. */
  readonly received: TextItem;
  /** The parts that have ended. */
  readonly content: Part[];
  readonly summary: Summary[];
  part: OpenPart | undefined;
}

const KINDS: Record<PartType, WordsKind> = {
  output_text: "text",
  refusal: "refusal",
  reasoning_text: "reasoning",
  summary_text: "reasoning",
};

const PARTS: Record<WordsKind, PartType> = {
  text: "output_text",
  refusal: "refusal",
  reasoning: "reasoning_text",
};

/** The type of the part that words of this kind open, unless the upstream says another. */
export function usualPart(kind: WordsKind): PartType {
  return PARTS[kind];
}

export function openText(place: Place, received: TextItem): OpenText {
  return { ...place, received, content: [], summary: [], part: undefined };
}

export function openPart(open: OpenText, type: PartType): OpenPart {
  const { length: index } = type === "summary_text" ? open.summary : open.content;
  return { type, kind: KINDS[type], index, text: "", logprobs: [], annotations: [] };
}

/** The item with the parts that were shown; all other fields as received. */
export function textItem({ id, content, summary, part }: OpenText, received: TextItem): TextItem {
  const shown = part?.type !== "summary_text" && part ? [...content, toPart(part)] : content;
  if (received.type === "message") {
    const status = received.status === "incomplete" ? "incomplete" : "completed";
    return { ...received, id, status, role: "assistant", content: shown } as TextItem;
  }
  // Reasoning of some upstreams has neither status nor content: it stays so.
  const { status, content: listed, ...own } = received;
  const ended = status && { status: status === "incomplete" ? status : "completed" };
  const shownSummary = part?.type === "summary_text" ? [...summary, toPart(part)] : summary;
  const rest = { ...ended, summary: shownSummary, ...(listed || shown.length > 0 ? { content: shown } : {}) };
  return { ...own, id, ...rest } as TextItem;
}

/** An open item that ends without the upstream. Encrypted content from its opening is incomplete, so it is left out. */
export function endedAs(status: ItemEnd, received: TextItem): TextItem {
  if (received.type === "message") return { ...received, status, content: [] };
  const { encrypted_content: _, content, ...open } = received;
  const ended = status === "incomplete" || received.status ? { status } : {};
  return { ...open, ...ended, summary: [], ...(content ? { content: [] } : {}) };
}

/** The item's `output_item.added`, without parts: they have their own events. */
export function openingEvent({ id, outputIndex, received }: OpenText): EventDraft {
  const status = "in_progress";
  if (received.type === "message")
    return added(outputIndex, { ...received, id, status, role: "assistant", content: [] });
  const { status: _, encrypted_content: _sealed, content, ...own } = received;
  const begun = { ...(received.status ? { status } : {}), summary: [], ...(content ? { content: [] } : {}) };
  return added(outputIndex, { ...own, id, ...begun } as OutputItem);
}

export function partAdded({ id, outputIndex }: OpenText, part: OpenPart): EventDraft {
  const at = { item_id: id, output_index: outputIndex };
  // A copy: annotations and log probabilities that come in the same read belong to later events.
  const empty = toPart({ ...part, annotations: [], logprobs: [] });
  return part.type === "summary_text"
    ? {
        type: "response.reasoning_summary_part.added",
        ...at,
        summary_index: part.index,
        part: empty as Summary,
      }
    : {
        type: "response.content_part.added",
        ...at,
        content_index: part.index,
        part: empty as OutputMessageContent | ReasoningContent,
      };
}

/** The events that end a part as `ended`, which may have got annotations at the last moment. */
export function partDone({ id, outputIndex }: OpenText, part: OpenPart, ended: Part): EventDraft[] {
  const place = { item_id: id, output_index: outputIndex };
  if (ended.type === "summary_text") {
    const at = { ...place, summary_index: part.index };
    return [
      { type: "response.reasoning_summary_text.done", ...at, text: ended.text },
      { type: "response.reasoning_summary_part.done", ...at, part: ended },
    ];
  }
  const at = { ...place, content_index: part.index };
  const done: EventDraft = { type: "response.content_part.done", ...at, part: ended };
  switch (ended.type) {
    case "reasoning_text":
      return [{ type: "response.reasoning_text.done", ...at, text: ended.text }, done];
    case "refusal":
      return [{ type: "response.refusal.done", ...at, refusal: ended.refusal }, done];
    case "output_text":
      return [
        ...ended.annotations.slice(part.annotations.length).map((annotation, i): EventDraft => {
          const annotation_index = part.annotations.length + i;
          return { type: "response.output_text.annotation.added", ...at, annotation_index, annotation };
        }),
        { type: "response.output_text.done", ...at, text: ended.text, logprobs: ended.logprobs ?? [] },
        done,
      ];
  }
}

export function toPart({ type, text, annotations, logprobs }: OpenPart): Part {
  switch (type) {
    case "output_text":
      return { type, text, annotations, logprobs };
    case "refusal":
      return { type, refusal: text };
    default:
      return { type, text };
  }
}
