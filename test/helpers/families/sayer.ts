import { DONE, json, type Script, stream } from "../chat-server.ts";
import type { Says } from "./family.ts";

/** What is particular to the answers of one kind of server. */
export interface Manner {
  /** Fields of every chunk and body. */
  readonly base: object;
  /** Deltas before the first word. */
  readonly opening: readonly object[];
  /** In every delta. */
  readonly each?: object;
  readonly reasoningField?: string | undefined;
  /** The deltas of all calls of a turn. */
  calls(calls: readonly WireCall[]): object[];
  /** Beside `choices` in every chunk of a stream. */
  beside?(): object;
}

export interface WireCall {
  index: number;
  id: string;
  type: "function";
  function: { name: string; arguments: string };
}

/** Answers in this manner. Usage comes in a stream only if it was asked for. */
export function sayer(manner: Manner): (content: Says) => Script {
  return (content) => (exchange) => {
    const { stream: streams, stream_options: options } = exchange.request.body;
    const calls = (content.calls ?? []).map(
      ({ id, name, args }, index): WireCall => ({
        index,
        id,
        type: "function",
        function: { name, arguments: JSON.stringify(args) },
      }),
    );
    const finish = content.finish ?? (calls.length > 0 ? "tool_calls" : "stop");
    const [input, output] = content.usage ?? [10, 5];
    const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
    const reasoning = manner.reasoningField === undefined ? undefined : content.reasoning;
    if (streams !== true) {
      const message = {
        role: "assistant",
        content: content.text ?? (calls.length > 0 ? null : ""),
        ...(reasoning === undefined ? {} : { [manner.reasoningField as string]: reasoning }),
        ...(calls.length === 0 ? {} : { tool_calls: calls.map(({ index: _, ...call }) => call) }),
      };
      return json({ ...manner.base, choices: [{ index: 0, message, finish_reason: finish }], usage })(
        exchange,
      );
    }
    const chunk = (delta: object, reason: string | null = null) => ({
      ...manner.base,
      choices: [{ index: 0, delta: { ...manner.each, ...delta }, finish_reason: reason }],
      ...manner.beside?.(),
    });
    const deltas = [
      ...manner.opening,
      ...words(reasoning).map((word) => ({ [manner.reasoningField as string]: word })),
      ...words(content.text).map((word) => ({ content: word })),
      ...manner.calls(calls),
    ];
    return stream(
      ...deltas.map((delta) => chunk(delta)),
      chunk({}, finish),
      ...(options?.include_usage === true
        ? [{ ...manner.base, choices: [], ...manner.beside?.(), usage }]
        : []),
      DONE,
    )(exchange);
  };
}

/** A call's id and name, then its arguments in two pieces. */
export function inPieces(calls: readonly WireCall[]): object[] {
  return calls.flatMap(({ index, id, type, function: { name, arguments: args } }) => {
    const half = Math.ceil(args.length / 2);
    return [
      { tool_calls: [{ index, id, type, function: { name, arguments: "" } }] },
      { tool_calls: [{ index, function: { arguments: args.slice(0, half) } }] },
      { tool_calls: [{ index, function: { arguments: args.slice(half) } }] },
    ];
  });
}

function words(text = ""): string[] {
  return text.match(/\s*\S+\s*/g) ?? [];
}
