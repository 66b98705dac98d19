import { type ModelChunk, UpstreamError } from "../../core/index.ts";
import type { AnswerNotes } from "./answer-notes.ts";
import { type Attached, isAttachment, type Members } from "./attached.ts";
import type { ChatToolCallDelta } from "./chat-types.ts";

interface Call {
  /** As the chunks say it; counted from 0 in the order in which calls began. */
  readonly index: number;
  /** The index that the server uses, if it uses any. */
  readonly at: number | undefined;
  id: string | undefined;
  /** Absent until the server names it; then the call is shown. */
  name: string | undefined;
  /** All of them so far. */
  args: string;
  /** What the server attached to the call, and to its function. */
  attached?: Attached;
  toFunction?: Attached;
}

/** Members that are read. */
const OF_CALL: ReadonlySet<string> = new Set(["index", "id", "type", "function"]);
const OF_FUNCTION: ReadonlySet<string> = new Set(["name", "arguments"]);

/**
 * Tells the calls of one answer apart. Servers differ in what they repeat: the index may be missing or the
 * same for all, id and name may come once, late, or with every delta.
 */
export class ToolCallDecoder {
  readonly #calls: Call[] = [];
  /** The call that the last delta went to. */
  #current: Call | undefined;
  readonly #notes: AnswerNotes | undefined;

  constructor(notes: AnswerNotes | undefined) {
    this.#notes = notes;
  }

  /** True if that was nothing but more arguments of a call that is shown: the like may go to `append`. */
  push(delta: ChatToolCallDelta, out: ModelChunk[]): boolean {
    const id = delta.id ? String(delta.id) : undefined;
    const name = (typeof delta.function?.name === "string" && delta.function.name) || undefined;
    const given = delta.function?.arguments;
    const args = typeof given === "string" ? given : given ? JSON.stringify(given) : "";
    const at = typeof delta.index === "number" ? delta.index : undefined;

    const call = this.#find(at, id, name, args) ?? this.#begin(at, id);
    this.#current = call;
    call.id ??= id;
    call.args += args;
    const isPlain = !this.#attach(call, delta);
    if (call.name === undefined) {
      if (name !== undefined) this.#show(call, name, out);
      return false;
    }
    if (args === "") return false;
    out.push({ type: "tool_arguments", index: call.index, delta: args });
    return id === undefined && name === undefined && args === given && isPlain;
  }

  /** More arguments for the call that the last delta went to. */
  append(args: string, out: ModelChunk[]): void {
    const call = this.#current as Call;
    call.args += args;
    out.push({ type: "tool_arguments", index: call.index, delta: args });
  }

  /** How many calls there are. @throws UpstreamError if a call with arguments was never named */
  end(): number {
    let named = 0;
    for (const call of this.#calls)
      if (call.name !== undefined) named += 1;
      else if (call.args !== "")
        throw new UpstreamError(502, "the model server sent a tool call without the name of a function");
    return named;
  }

  /** The call that a delta goes on with; `undefined` if it begins a new one. */
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
      // Old vLLM makes up a new id for every delta: without a name, it goes on with what is not yet whole.
      const goesOn = name === undefined && call.name !== undefined && !isWhole(call.args);
      return goesOn ? call : undefined;
    }
    if (name === undefined || call.name === undefined) return call;
    if (name !== call.name) return undefined;
    // The same name again, without an id: repeated with every delta, or a second call of the same function.
    const second = id === undefined && args.trimStart().startsWith("{") && isWhole(call.args);
    return second ? undefined : call;
  }

  /** Whether the like of this delta must be looked at too. */
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

  /** By the index of the call: what comes back with it. What belongs into its `function` is there. */
  *attached(): Iterable<[number, Members]> {
    for (const { index, attached, toFunction } of this.#calls) {
      const members = attached?.members();
      const inFunction = toFunction?.members();
      if (inFunction) yield [index, { ...members, function: inFunction }];
      else if (members) yield [index, members];
    }
  }

  #begin(at: number | undefined, id: string | undefined): Call {
    const call: Call = { index: this.#calls.length, at, id, name: undefined, args: "" };
    this.#calls.push(call);
    return call;
  }

  #show(call: Call, name: string, out: ModelChunk[]): void {
    call.name = name;
    out.push(
      call.id === undefined
        ? { type: "tool_call", index: call.index, name }
        : { type: "tool_call", index: call.index, name, callId: call.id },
    );
    if (call.args !== "") out.push({ type: "tool_arguments", index: call.index, delta: call.args });
  }
}

/** Whether these arguments are a complete JSON value. */
function isWhole(args: string): boolean {
  try {
    JSON.parse(args);
    return true;
  } catch {
    return false;
  }
}
