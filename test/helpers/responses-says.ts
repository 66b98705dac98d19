/** Answers of a server that speaks the Responses API, written item by item: `says(thought("rs_1"), message("msg_1", "noon"))`. */
import { json, type Script, stream } from "./chat-server.ts";

type Json = Record<string, unknown>;

/** A part of a message. */
export const part = (text: string, more: object = {}): Json => ({
  type: "output_text",
  text,
  annotations: [],
  logprobs: [],
  ...more,
});

export const message = (id: string, ...parts: (string | Json)[]): Json => ({
  id,
  type: "message",
  role: "assistant",
  status: "completed",
  content: parts.map((one) => (typeof one === "string" ? part(one) : one)),
});

/** Reasoning with an encrypted part and these summaries. */
export const thought = (id: string, ...summaries: string[]): Json => ({
  id,
  type: "reasoning",
  summary: summaries.map((text) => ({ type: "summary_text", text })),
  encrypted_content: `sealed-${id}`,
});

export const called = (id: string, callId: string, args = "{}", name = "clock"): Json => ({
  id,
  type: "function_call",
  status: "completed",
  call_id: callId,
  name,
  arguments: args,
});

export const added = (output_index: number, item: object): Json => ({
  type: "response.output_item.added",
  output_index,
  item,
});

export const done = (output_index: number, item: object): Json => ({
  type: "response.output_item.done",
  output_index,
  item,
});

/** The terminal event. `more`: other fields of the response. */
export const ended = (output: unknown, more: Json = {}): Json => ({
  type: `response.${more.status ?? "completed"}`,
  response: responseOf(output, more),
});

export const responseOf = (output: unknown, more: Json = {}): Json => ({
  status: "completed",
  error: null,
  incomplete_details: null,
  usage: { input_tokens: 5, output_tokens: 2, total_tokens: 7 },
  output,
  ...more,
});

/** The events that a message, reasoning or a call streams in; any other item comes whole. */
export function told(item: Json, output_index: number): Json[] {
  const at = { item_id: item.id, output_index };
  if (item.type === "function_call")
    return [
      added(output_index, { ...item, arguments: "", status: "in_progress" }),
      { type: "response.function_call_arguments.delta", ...at, delta: item.arguments },
      { type: "response.function_call_arguments.done", ...at, arguments: item.arguments },
      done(output_index, item),
    ];
  if (item.type !== "message" && item.type !== "reasoning") return [done(output_index, item)];
  const opened =
    item.type === "message" ? { ...item, status: "in_progress", content: [] } : { ...item, summary: [] };
  const parts = (item.type === "message" ? item.content : item.summary) as Json[];
  return [
    added(output_index, opened),
    ...parts.flatMap((one, i) => toldPart(one, i, at)),
    done(output_index, item),
  ];
}

function toldPart(one: Json, index: number, of: object): Json[] {
  if (one.type === "summary_text") {
    const at = { ...of, summary_index: index };
    return [
      { type: "response.reasoning_summary_part.added", ...at, part: { ...one, text: "" } },
      { type: "response.reasoning_summary_text.delta", ...at, delta: one.text },
      { type: "response.reasoning_summary_text.done", ...at, text: one.text },
      { type: "response.reasoning_summary_part.done", ...at, part: one },
    ];
  }
  const at = { ...of, content_index: index };
  const annotations = (one.annotations ?? []) as object[];
  const words =
    one.type === "refusal"
      ? [
          { type: "response.refusal.delta", ...at, delta: one.refusal },
          { type: "response.refusal.done", ...at, refusal: one.refusal },
        ]
      : [
          { type: "response.output_text.delta", ...at, delta: one.text, logprobs: one.logprobs },
          ...annotations.map((annotation, annotation_index) => ({
            type: "response.output_text.annotation.added",
            ...at,
            annotation_index,
            annotation,
          })),
          { type: "response.output_text.done", ...at, text: one.text, logprobs: one.logprobs },
        ];
  const empty = one.type === "refusal" ? { ...one, refusal: "" } : part("");
  return [
    { type: "response.content_part.added", ...at, part: empty },
    ...words,
    { type: "response.content_part.done", ...at, part: one },
  ];
}

/** These items, streamed or whole, as the request asks. */
export function says(...items: Json[]): Script {
  return events(items.flatMap(told), responseOf(items));
}

/** These events and the end, or the whole response, as the request asks. */
export function events(streamed: readonly object[], response: Json): Script {
  return (exchange) =>
    exchange.request.body?.stream === true
      ? stream(...streamed, { type: `response.${response.status}`, response })(exchange)
      : json(response)(exchange);
}
