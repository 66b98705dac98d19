import { type ModelChunk, UpstreamError } from "../../core/index.ts";
import type { AnswerNotes } from "./answer-notes.ts";
import { type Attached, isAttachment, type Members } from "./attached.ts";
import type { ChatToolCallDelta } from "./chat-types.ts";
import { StreamedArguments } from "./streamed-arguments.ts";

interface Call {
  /** The index in the chunks; counted from 0 in the order in which calls began. */
  readonly index: number;
  /** The index that the server uses, if it uses any. */
  readonly at: number | undefined;
  id: string | undefined;
  /** The name so far. */
  name: string | undefined;
  /** Whether the start of the call was passed on; its name is then complete. */
  shown: boolean;
  /** Arguments that came before the start was passed on. */
  waiting: string;
  readonly args: StreamedArguments;
  /** What the server attached to the call, and to its function. */
  attached?: Attached;
  toFunction?: Attached;
}

/** Members that the decoder reads. */
const OF_CALL: ReadonlySet<string> = new Set(["index", "id", "type", "function"]);
const OF_FUNCTION: ReadonlySet<string> = new Set(["name", "arguments"]);

/**
 * Tells the calls of one answer apart. Servers differ in what they repeat: the index may be missing, or the same for
 * all calls; id and name may come once, late, or with every delta.
 */
export class ToolCallDecoder {
  readonly #calls: Call[] = [];
  /** The call that the last delta went to. */
  #current: Call | undefined;
  readonly #notes: AnswerNotes | undefined;

  constructor(notes: AnswerNotes | undefined) {
    this.#notes = notes;
  }

  /** Returns true if the delta only had more arguments of a shown call. Similar deltas may then go to `append`. */
  push(delta: ChatToolCallDelta, out: ModelChunk[]): boolean {
    const id = delta.id ? String(delta.id) : undefined;
    const name = (typeof delta.function?.name === "string" && delta.function.name) || undefined;
    const given = delta.function?.arguments;
    const args = typeof given === "string" ? given : given ? JSON.stringify(given) : "";
    const at = typeof delta.index === "number" ? delta.index : undefined;

    const call = this.#find(at, id, name, args) ?? this.#begin(at, id);
    this.#current = call;
    call.id ??= id;
    const isPlain = !this.#attach(call, delta);
    if (name !== undefined && !call.shown) call.name = joined(call.name, name);
    if (args === "") return false;
    const more = call.args.add(args, args !== given);
    if (!call.shown) {
      call.waiting += more;
      if (call.name !== undefined) this.#showUpTo(call, out);
      return false;
    }
    if (more === "") return false;
    out.push({ type: "tool_arguments", index: call.index, delta: more });
    return id === undefined && name === undefined && args === given && isPlain;
  }

  /** Adds arguments to the call that the last delta went to. */
  append(args: string, out: ModelChunk[]): void {
    const call = this.#current as Call;
    const delta = call.args.add(args, false);
    if (delta !== "") out.push({ type: "tool_arguments", index: call.index, delta });
  }

  /** Call when anything but a call comes: the names so far are then complete. */
  settle(out: ModelChunk[]): void {
    const last = this.#calls.at(-1);
    if (last) this.#showUpTo(last, out);
  }

  /** Passes on the calls up to this one, in the order in which they began. */
  #showUpTo(last: Call, out: ModelChunk[]): void {
    for (let i = 0; i <= last.index; i += 1) {
      const call = this.#calls[i] as Call;
      if (!call.shown && call.name !== undefined) this.#show(call, call.name, out);
    }
  }

  /** Ends all calls and returns their number. @throws UpstreamError if a call with arguments has no name */
  end(out: ModelChunk[]): number {
    this.settle(out);
    let named = 0;
    for (const call of this.#calls) {
      if (!call.shown && !call.args.none)
        throw new UpstreamError(502, "the model server sent a tool call without the name of a function");
      if (call.shown) named += 1;
      const delta = call.args.end();
      if (delta !== "") out.push({ type: "tool_arguments", index: call.index, delta });
    }
    return named;
  }

  /** The call that a delta continues; `undefined` if it begins a new one. */
  #find(
    at: number | undefined,
    id: string | undefined,
    name: string | undefined,
    args: string,
  ): Call | undefined {
    let call: Call | undefined;
    for (let i = this.#calls.length - 1; i >= 0; i -= 1) {
      const other = this.#calls[i] as Call;
      if (at !== undefined && other.at !== at) continue;
      call ??= other;
      if (id === undefined) break;
      if (other.id !== id) continue;
      call = other;
      break;
    }
    if (call === undefined) return undefined;
    if (id !== undefined && call.id !== undefined && id !== call.id) {
      // Old vLLM sends a new id with every delta. Without a name, it continues a call that is not complete yet.
      const goesOn = name === undefined && call.name !== undefined && !call.args.whole;
      return goesOn ? call : undefined;
    }
    if (name === undefined || call.name === undefined) return call;
    // This is a piece of a name. Without an index and an id, two names are two calls.
    if (!call.shown && (at !== undefined || id !== undefined)) return call;
    if (name !== call.name) return undefined;
    // The same name without an id: either it is repeated with every delta, or it is a second call of the same function.
    if (id !== undefined || !args.trimStart().startsWith("{") || !call.args.whole) return call;
    return at !== undefined && call.args.isRepeatedBy(args) ? call : undefined;
  }

  /** Returns whether similar deltas must be checked too. */
  #attach(call: Call, delta: ChatToolCallDelta): boolean {
    const notes = this.#notes;
    if (notes === undefined) return false;
    let changed = false;
    for (const name in delta) {
      if (OF_CALL.has(name) || !isAttachment(delta[name])) continue;
      call.attached ??= notes.attached();
      if (!call.attached.add(name, delta[name])) changed = true;
    }
    const { function: called } = delta;
    for (const name in called) {
      if (OF_FUNCTION.has(name) || !isAttachment(called[name])) continue;
      call.toFunction ??= notes.attached();
      if (!call.toFunction.add(name, called[name])) changed = true;
    }
    return changed;
  }

  /** The attachments by the index of the call. Those of its `function` are in a `function` member. */
  *attached(): Iterable<[number, Members]> {
    for (const { index, attached, toFunction } of this.#calls) {
      const members = attached?.members();
      const inFunction = toFunction?.members();
      if (inFunction) yield [index, { ...members, function: inFunction }];
      else if (members) yield [index, members];
    }
  }

  #begin(at: number | undefined, id: string | undefined): Call {
    const args = new StreamedArguments();
    const call: Call = {
      index: this.#calls.length,
      at,
      id,
      name: undefined,
      shown: false,
      waiting: "",
      args,
    };
    this.#calls.push(call);
    return call;
  }

  #show(call: Call, name: string, out: ModelChunk[]): void {
    call.shown = true;
    out.push(
      call.id === undefined
        ? { type: "tool_call", index: call.index, name }
        : { type: "tool_call", index: call.index, name, callId: call.id },
    );
    if (call.waiting !== "") out.push({ type: "tool_arguments", index: call.index, delta: call.waiting });
  }
}

/** Joins a name that comes whole, in pieces, or longer with every piece. */
function joined(known: string | undefined, piece: string): string {
  return known === undefined || piece.startsWith(known) ? piece : known + piece;
}
