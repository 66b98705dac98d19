import { isDeepStrictEqual } from "node:util";
import { isJson, type Json } from "./exceptions.ts";
import { sequenceProblem, wordOf } from "./sequences.ts";

/** An event as the order is checked on it: valid by schema, so that its fields may be read. */
export interface WireEvent extends Json {
  type: string;
  sequence_number: number;
}

/** @throws Error with `message` unless `ok` */
export function check(ok: boolean, message: string): asserts ok {
  if (!ok) throw new Error(message);
}

/** Where the text of a call streams to, and from which events. */
const ARGUMENTS: Record<string, { events: string; field: string }> = {
  function_call: { events: "function_call_arguments", field: "arguments" },
  mcp_call: { events: "mcp_call_arguments", field: "arguments" },
  custom_tool_call: { events: "custom_tool_call_input", field: "input" },
  code_interpreter_call: { events: "code_interpreter_call_code", field: "code" },
};

/** One item of a stream, from `output_item.added` to `output_item.done`. */
export class ItemTrace {
  readonly type: string;
  readonly id: unknown;
  /** As `output_item.done` had it; absent while the item is open. */
  done: Json | undefined;
  readonly #added: Json;
  readonly #words: string[] = [];
  readonly #content = new Parts("content_index");
  readonly #summary = new Parts("summary_index");
  #arguments = "";

  constructor(item: Json) {
    this.#added = item;
    this.type = String(item.type);
    this.id = item.id;
    if (item.status !== undefined && !this.type.endsWith("_output")) {
      check(item.status === "in_progress", `the ${this.type} opens with status "${String(item.status)}"`);
    }
    if (this.type === "mcp_call")
      check(item.status !== undefined, "clients need mcp_call.status from the start");
    if (this.type === "message") check(isDeepStrictEqual(item.content, []), "the message opens with content");
    if (this.type === "reasoning") {
      check(isDeepStrictEqual(item.content ?? [], []), "the reasoning item opens with content");
      check(isDeepStrictEqual(item.summary, []), "the reasoning item opens with a summary");
    }
    const streamed = ARGUMENTS[this.type];
    if (streamed) check(!item[streamed.field], `the ${this.type} opens with its ${streamed.field}`);
    if (this.type === "code_interpreter_call") check(item.outputs === null, "the call opens with outputs");
  }

  push(event: WireEvent): void {
    const word = wordOf(event.type);
    this.#words.push(word);
    if (word === "output_item.added") return;
    check(this.done === undefined, `the ${this.type} was closed before`);
    if (word === "output_item.done") {
      this.#close(event.item as Json);
      return;
    }
    // Events of shell calls carry none; the schema requires it of all others.
    check(
      event.item_id === undefined || event.item_id === this.id,
      `item_id is "${String(event.item_id)}", but the item is "${String(this.id)}"`,
    );
    const streamed = ARGUMENTS[this.type];
    if (word === `${streamed?.events}.delta`) this.#arguments += String(event.delta);
    else if (streamed && word === `${streamed.events}.done`) {
      checkText(this.#arguments, event[streamed.field], `its ${streamed.field}`);
      if (event.name !== undefined)
        check(event.name === this.#added.name, "the name differs from the item's");
    } else if (word.startsWith("reasoning_summary_")) this.#summary.push(word, event);
    else this.#content.push(word, event);
  }

  #close(item: Json): void {
    check(item.id === this.id, `it opened as "${String(this.id)}" and closes as "${String(item.id)}"`);
    check(item.type === this.type, `it opened as ${this.type} and closes as ${String(item.type)}`);
    check(item.status !== "in_progress", `the ${this.type} closes with status "in_progress"`);
    const problem = sequenceProblem(this.type, item.status, this.#words);
    check(problem === undefined, `the events of the ${this.type} ${problem}`);
    for (const field of ["name", "call_id", "server_label"]) {
      check(item[field] === this.#added[field], `${field} changes from its opening to its closing`);
    }
    if (this.type === "message" || this.type === "reasoning") this.#content.checkFinal(item.content ?? []);
    if (this.type === "reasoning") this.#summary.checkFinal(item.summary);
    const streamed = ARGUMENTS[this.type];
    if (streamed) checkText(this.#arguments, item[streamed.field] ?? "", `the final ${streamed.field}`);
    if (this.type === "mcp_call" || this.type === "mcp_list_tools") {
      const failed = this.#words.includes(`${this.type}.failed`);
      const completed = this.#words.includes(`${this.type}.completed`);
      check(!failed || isError(item.error), `${this.type}.failed, but the item has no error`);
      check(!completed || !isError(item.error), `${this.type}.completed, but the item has an error`);
    }
    this.done = item;
  }
}

/** The parts of a message or a reasoning item, or of a summary: one is open at a time. */
class Parts {
  readonly #index: "content_index" | "summary_index";
  readonly #done: Json[] = [];
  #open: { text: string; annotations: unknown[]; logprobs: unknown[] } | undefined;

  constructor(index: "content_index" | "summary_index") {
    this.#index = index;
  }

  push(word: string, event: WireEvent): void {
    if (typeof event[this.#index] !== "number") return;
    const index = this.#done.length;
    check(
      event[this.#index] === index,
      `${this.#index} is ${String(event[this.#index])}, the open part is ${index}`,
    );
    if (word.endsWith("part.added")) {
      check(this.#open === undefined, "a part opens while another is open");
      check(textOf(event.part) === "", "the part opens with text");
      const { annotations = [], logprobs = [] } = event.part as Json;
      checkSame([[], []], [annotations, logprobs], "the annotations and logprobs of the opening part");
      this.#open = { text: "", annotations: [], logprobs: [] };
      return;
    }
    const open = this.#open;
    check(open !== undefined, "no part is open");
    if (word.endsWith("part.done")) this.#close(open, event.part as Json);
    else if (word.endsWith("annotation.added")) {
      check(event.annotation_index === open.annotations.length, "annotation_index does not count from 0");
      open.annotations.push(event.annotation);
    } else if (word.endsWith(".delta")) {
      open.text += String(event.delta);
      if (Array.isArray(event.logprobs)) open.logprobs.push(...event.logprobs);
    } else {
      checkText(open.text, textOf(event), "the text");
      checkSame(open.logprobs, event.logprobs ?? [], "the logprobs");
    }
  }

  #close(open: { text: string; annotations: unknown[]; logprobs: unknown[] }, part: Json): void {
    checkText(open.text, textOf(part), "the part's text");
    checkSame(open.annotations, part.annotations ?? [], "the part's annotations");
    checkSame(open.logprobs.map(tokenOf), arrayOf(part.logprobs).map(tokenOf), "the part's logprobs");
    this.#done.push(part);
    this.#open = undefined;
  }

  checkFinal(content: unknown): void {
    checkSame(this.#done, content, "the final content");
  }
}

function textOf(of: unknown): unknown {
  return isJson(of) ? (of.text ?? of.refusal) : undefined;
}

function tokenOf(logprob: unknown): unknown {
  return isJson(logprob) ? [logprob.token, logprob.logprob] : undefined;
}

function isError(error: unknown): boolean {
  return error !== undefined && error !== null;
}

function arrayOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function checkText(deltas: string, told: unknown, what: string): void {
  check(deltas === told, `${what} is ${JSON.stringify(told)}, but the deltas make ${JSON.stringify(deltas)}`);
}

function checkSame(streamed: unknown, told: unknown, what: string): void {
  const same = isDeepStrictEqual(streamed, told);
  check(same, `${what}: ${JSON.stringify(told)}, but streamed was ${JSON.stringify(streamed)}`);
}
