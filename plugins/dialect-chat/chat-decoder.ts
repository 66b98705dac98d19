import { isVrError, type ModelChunk, UpstreamError, type wire } from "../../core/index.ts";
import { AnswerNotes } from "./answer-notes.ts";
import { toErrorInStream } from "./chat-error.ts";
import type { ChatAnnotation, ChatChoice, ChatChunk, ChatDelta, ChatUsage } from "./chat-types.ts";
import { reasoningOf, wordsOf } from "./content-parts.ts";
import { toFinishReason } from "./finish-reason.ts";
import type { ChatQuirks } from "./quirks.ts";
import { restOfMessage } from "./rest-of-message.ts";
import { ThinkTags } from "./think-tags.ts";
import { logProbsOfText, toLogProbs } from "./to-logprobs.ts";
import { toCount, toUsage } from "./to-usage.ts";
import { ToolCallDecoder } from "./tool-call-decoder.ts";

/** Where the one string of a plain delta stood. */
export type PlainField = "content" | "reasoning_content" | "reasoning" | "arguments";

export interface ChatDecoder {
  /**
   * The field of the last `push`, if the payload had nothing but one piece of text in it. The same payload with another
   * text may then go to `repeat` unparsed.
   */
  readonly plain: PlainField | undefined;
  /** Whether a `finish_reason` has come: only usage and `[DONE]` may follow. */
  readonly finished: boolean;
  /** @throws UpstreamError when the server reports an error in place of a chunk */
  push(payload: ChatChunk, out: ModelChunk[]): void;
  /** Like a `push` of the last payload, which was `plain`, with this text instead. */
  repeat(text: string, out: ModelChunk[]): void;
  /**
   * Call when the stream is over. Adds what was held back, the usage and `finish`.
   * @throws UpstreamError 502 if it broke off, without `finish_reason` and without `[DONE]`
   */
  end(sawDone: boolean, out: ModelChunk[]): void;
}

export interface DecoderOptions {
  /** Removed from errors that the server reports in the stream. */
  secrets?: readonly string[];
  /** The server's name, under which its attachments are kept. Without it, nothing is kept. */
  server?: string | undefined;
}

export function createChatDecoder(quirks: ChatQuirks, options: DecoderOptions = {}): ChatDecoder {
  return new Decoder(quirks.thinkTags, options);
}

class Decoder implements ChatDecoder {
  plain: PlainField | undefined;
  /** Present until the text has begun without a tag, or after one. */
  #think: ThinkTags | undefined;
  #calls: ToolCallDecoder | undefined;
  #usage: ChatUsage | undefined;
  #reason: string | undefined;
  /** Whether the answer comes in deltas. */
  #inDeltas = false;
  /** Which kinds of text the model has written so far. */
  readonly #sent = new Set<ModelChunk["type"]>();
  /** The log probabilities of text that is held back. */
  #logprobs: wire.LogProb[] | undefined;

  readonly #secrets: readonly string[];
  readonly #notes: AnswerNotes | undefined;
  /** Whether reasoning came in its own field; other fields with it only repeat it. */
  #reasons = false;

  constructor(thinkTags: ChatQuirks["thinkTags"], { secrets = [], server }: DecoderOptions) {
    this.#secrets = secrets;
    this.#notes = server === undefined ? undefined : new AnswerNotes(server);
    this.#think = thinkTags ? new ThinkTags(thinkTags === "opened") : undefined;
  }

  get finished(): boolean {
    return this.#reason !== undefined;
  }

  push(payload: ChatChunk, out: ModelChunk[]): void {
    try {
      this.#push(payload, out);
    } catch (error) {
      if (isVrError(error)) throw error;
      throw new UpstreamError(502, "the model server sent a chunk that cannot be read", { cause: error });
    }
  }

  #push(payload: ChatChunk, out: ModelChunk[]): void {
    this.plain = undefined;
    if (payload.usage) this.#usage = payload.usage;
    if (payload.error) throw toErrorInStream(payload.error, this.#secrets);
    const choice = firstChoice(payload.choices);
    if (choice === undefined) return;
    if (choice.finish_reason) {
      this.#reason = choice.finish_reason;
      if (choice.error) throw toErrorInStream(choice.error, this.#secrets);
    }
    if (choice.logprobs?.content?.length) this.#addLogProbs(choice.logprobs.content);
    if (choice.delta) this.#inDeltas = true;
    const delta = choice.delta ?? (choice.message && this.#rest(choice.message));
    if (!delta) return;
    const before = out.length;
    const field = this.#delta(delta, out);
    // In the Responses API, thoughts and calls have no log probabilities.
    if (this.#logprobs && (out.length > before || this.#think?.thinking)) this.#logprobs = undefined;
    for (let i = before; i < out.length; i++) this.#sent.add((out[i] as ModelChunk).type);
    if (out.length === before + 1 && choice.logprobs == null) this.plain = field;
  }

  /** Some servers repeat the whole message at the end of a stream. */
  #rest(message: ChatDelta): ChatDelta {
    if (!this.#inDeltas) return message;
    if (this.#calls) this.#sent.add("tool_call");
    return restOfMessage(message, this.#sent);
  }

  repeat(text: string, out: ModelChunk[]): void {
    if (this.plain === "content") out.push({ type: "text", text });
    else if (this.plain === "arguments") this.#calls?.append(text, out);
    else out.push({ type: "reasoning", text });
  }

  end(sawDone: boolean, out: ModelChunk[]): void {
    if (this.#reason === undefined && !sawDone)
      throw new UpstreamError(502, "the model server broke off before its answer was complete");
    const before = out.length;
    this.#flush(out);
    const calls = this.#calls?.end(out) ?? 0;
    const said = this.#sent.size > 0 || out.length > before;
    if (this.#reason === undefined && !said)
      throw new UpstreamError(
        502,
        "the model server ended its answer without content and without a finish reason",
      );
    this.#notes?.write(this.#calls?.attached() ?? [], out);
    if (this.#usage) out.push({ type: "usage", usage: toUsage(this.#usage) });
    out.push({ type: "finish", reason: toFinishReason(this.#reason, { calls: calls > 0, said }) });
  }

  /** The field of the last piece of text. */
  #delta(delta: ChatDelta, out: ModelChunk[]): PlainField | undefined {
    let field: PlainField | undefined;
    const content = delta.content;
    // Servers in transition send both fields, with the same text.
    if (isWords(delta.reasoning_content)) {
      field = "reasoning_content";
      this.#reasons = true;
      out.push({ type: "reasoning", text: delta.reasoning_content });
    } else if (isWords(delta.reasoning)) {
      field = "reasoning";
      this.#reasons = true;
      out.push({ type: "reasoning", text: delta.reasoning });
    } else if (delta.reasoning_details && !this.#reasons)
      for (const text of reasoningOf(delta.reasoning_details)) out.push({ type: "reasoning", text });
    if (typeof content === "string") {
      if (content !== "") {
        // Held back or split text is not plain: what it becomes depends on what came before.
        field = this.#think === undefined && this.#logprobs === undefined ? "content" : undefined;
        this.#text(content, out);
      }
    } else if (content) this.#parts(content, out);
    if (isWords(delta.refusal)) this.#other(out).push({ type: "refusal", text: delta.refusal });
    if (delta.annotations) this.#annotations(delta.annotations, out);
    if (delta.tool_calls) {
      this.#calls ??= new ToolCallDecoder(this.#notes);
      for (const call of delta.tool_calls)
        field = this.#calls.push(call, this.#other(out)) ? "arguments" : undefined;
    } else if (delta.function_call) {
      this.#calls ??= new ToolCallDecoder(this.#notes);
      this.#calls.push({ index: 0, function: delta.function_call }, this.#other(out));
    }
    return this.#notes?.add(delta) ? undefined : field;
  }

  #text(text: string, out: ModelChunk[]): void {
    this.#calls?.settle(out);
    const from = out.length;
    if (this.#think === undefined) out.push({ type: "text", text });
    else {
      this.#think.push(text, out);
      if (this.#think.done) this.#think = undefined;
    }
    if (this.#logprobs) this.#attachLogProbs(out, from);
  }

  #parts(content: object, out: ModelChunk[]): void {
    for (const { kind, text } of wordsOf(content)) {
      if (kind === "text") this.#text(text, out);
      else this.#other(out).push({ type: kind, text });
    }
  }

  #annotations(annotations: readonly ChatAnnotation[], out: ModelChunk[]): void {
    for (const annotation of annotations) {
      const citation = annotation?.url_citation;
      if (!isWords(citation?.url)) continue;
      this.#other(out).push({
        type: "annotation",
        annotation: {
          type: "url_citation",
          url: citation.url,
          title: isWords(citation.title) ? citation.title : "",
          start_index: toCount(citation.start_index),
          end_index: toCount(citation.end_index),
        },
      });
    }
  }

  /** Call before a chunk that is not text: what looked like the beginning of a tag was not a tag. */
  #other(out: ModelChunk[]): ModelChunk[] {
    if (this.#think) this.#flush(out);
    return out;
  }

  #flush(out: ModelChunk[]): void {
    const from = out.length;
    this.#think?.flush(out);
    if (this.#think?.done) this.#think = undefined;
    if (this.#logprobs) this.#attachLogProbs(out, from);
  }

  #addLogProbs(content: Parameters<typeof toLogProbs>[0]): void {
    const logprobs = toLogProbs(content);
    this.#logprobs = this.#logprobs ? [...this.#logprobs, ...logprobs] : logprobs;
  }

  /** Adds the log probabilities to the first text from `from` on. Without one, they wait for the text held back. */
  #attachLogProbs(out: ModelChunk[], from: number): void {
    for (let i = from; i < out.length; i += 1) {
      const chunk = out[i] as ModelChunk;
      if (chunk.type !== "text") continue;
      out[i] = { ...chunk, logprobs: logProbsOfText(this.#logprobs as wire.LogProb[], chunk.text) };
      this.#logprobs = undefined;
      return;
    }
  }
}

/** Whether a field holds text. A server's fields may hold anything. */
function isWords(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** The choice with index 0, or the first one. */
function firstChoice(choices: ChatChoice[] | null | undefined): ChatChoice | undefined {
  const first = choices?.[0];
  if (first === undefined || !first.index) return first;
  return choices?.find((choice) => choice.index === 0);
}
