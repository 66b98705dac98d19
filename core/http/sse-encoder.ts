import { randomBytes } from "node:crypto";
import type { EventBatch, EventDraft } from "../protocol/events.ts";
import { encodeResponse } from "../response/document.ts";

export interface EncoderOptions {
  /** Pads deltas to hide their lengths: `stream_options.include_obfuscation`. */
  obfuscate: boolean;
  /** Names reasoning events as Open Responses does: `response.reasoning.delta` and `.done`. */
  openResponsesReasoning: boolean;
}

/** A batch as the text of one write; each frame is `event:`, `data:` and a blank line. */
export function encodeBatch({ first, events }: EventBatch, options: EncoderOptions): string {
  const plain = !options.obfuscate && !options.openResponsesReasoning;
  let text = "";
  for (let i = 0; i < events.length; i++) {
    const event = events[i] as EventDraft;
    text +=
      plain && event.type === "response.output_text.delta" && event.logprobs.length === 0
        ? textDelta(event, first + i)
        : frame(event, first + i, options);
  }
  return text;
}

const SEPARATORS = /[\u0085\u2028\u2029]/g;

/**
 * Escapes characters that some readers take for line ends though server-sent events do not (Python's `splitlines`).
 * They occur only in JSON strings. For text that is not all ASCII.
 */
export function escapeSeparators(text: string): string {
  // Searched one by one: most text has none of them, and a regular expression is much slower.
  if (!text.includes("\u2028") && !text.includes("\u2029") && !text.includes("\u0085")) return text;
  return text.replace(SEPARATORS, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

type TextDelta = Extract<EventDraft, { type: "response.output_text.delta" }>;

const TEXT_DELTA_HEAD =
  'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","sequence_number":';

/** The frame of a text delta: nine of ten frames. Ids have only letters, digits and underscores, so need no escape. */
function textDelta(event: TextDelta, sequenceNumber: number): string {
  return `${TEXT_DELTA_HEAD}${sequenceNumber},"item_id":"${event.item_id}","output_index":${event.output_index},"content_index":${event.content_index},"delta":${JSON.stringify(event.delta)},"logprobs":[]}\n\n`;
}

function frame(event: EventDraft, sequenceNumber: number, options: EncoderOptions): string {
  const type = options.openResponsesReasoning
    ? event.type.replace(/^response\.reasoning_text\./, "response.reasoning.")
    : event.type;
  const { type: _type, ...fields } = event;
  const head = `event: ${type}\ndata: {"type":"${type}","sequence_number":${sequenceNumber},`;
  if ("response" in fields) return `${head}"response":${encodeResponse(fields.response)}}\n\n`;
  const padding = options.obfuscate && "delta" in event ? `,"obfuscation":"${obfuscation(event.delta)}"` : "";
  return `${head}${JSON.stringify(fields).slice(1, -1)}${padding}}\n\n`;
}

const BLOCK = 16;

/** Random characters that fill a delta up to the next multiple of 16, so that lengths tell little. */
function obfuscation(delta: unknown): string {
  const length = BLOCK - (String(delta).length % BLOCK);
  return randomBytes(length).toString("base64url").slice(0, length);
}
