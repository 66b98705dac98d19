import { isDeepStrictEqual } from "node:util";
import type { Response as ResponseObject } from "../../protocol/wire.ts";
import { isJson, type Json } from "./exceptions.ts";
import { check, ItemTrace, type WireEvent } from "./item.ts";

/** The status that each terminal event must tell. */
const TERMINAL: Record<string, string> = {
  "response.completed": "completed",
  "response.incomplete": "incomplete",
  "response.failed": "failed",
};

/**
 * Checks the rules of a whole stream: numbers, lifecycle, one terminal event, items opened and closed once,
 * deltas that make the final objects. The events are valid by schema already.
 *
 * @throws Error that names the first event that breaks a rule
 */
export function checkOrder(told: readonly unknown[]): ResponseObject {
  // A copy as clients would read it: keys whose value is undefined are absent.
  const events = JSON.parse(JSON.stringify(told)) as WireEvent[];
  const stream = new StreamTrace();
  for (const [position, event] of events.entries()) {
    try {
      check(event.sequence_number === position, `sequence_number is ${event.sequence_number}`);
      stream.push(event, position);
    } catch (error) {
      const { message } = error as Error;
      throw new Error(`event ${position} (${event.type}): ${message}`, { cause: error });
    }
  }
  return stream.finish();
}

class StreamTrace {
  readonly #items: ItemTrace[] = [];
  #first: Json | undefined;
  #started = false;
  #terminal: Json | undefined;

  push(event: WireEvent, position: number): void {
    check(this.#terminal === undefined, "nothing comes after the terminal event");
    check(event.type !== "error", "a stream ends with response.failed, not with an error event");
    if (isJson(event.response)) this.#lifecycle(event.type, event.response, position);
    else this.#itemEvent(event);
  }

  finish(): ResponseObject {
    check(this.#terminal !== undefined, "the stream has no terminal event");
    return this.#terminal as unknown as ResponseObject;
  }

  #lifecycle(type: string, response: Json, position: number): void {
    check(
      (position === 0) === (type === "response.created"),
      "response.created is the first event, and only that",
    );
    this.#first ??= response;
    check(response.id === this.#first.id, `the response was "${String(this.#first.id)}"`);
    check(response.created_at === this.#first.created_at, "created_at changes");
    const status = TERMINAL[type];
    if (status) {
      check(this.#started, "response.created and response.in_progress come first");
      this.#end(response, status);
      return;
    }
    if (!this.#started) check(isDeepStrictEqual(response.output, []), "the snapshot has output already");
    if (type === "response.in_progress") this.#started = true;
    else check(!this.#started, "comes before response.in_progress");
    const waiting = type !== "response.in_progress" && response.status === "queued";
    check(
      waiting || response.status === "in_progress",
      `the snapshot's status is "${String(response.status)}"`,
    );
  }

  #itemEvent(event: WireEvent): void {
    check(this.#started, "response.created and response.in_progress come first");
    const index = event.output_index as number;
    if (event.type === "response.output_item.added") {
      check(index === this.#items.length, `output_index is ${index}, the next item is ${this.#items.length}`);
      const item = new ItemTrace(event.item as Json);
      check(!this.#items.some(({ id }) => id === item.id), `the id "${String(item.id)}" is used twice`);
      this.#items.push(item);
    }
    const item = this.#items[index];
    check(item !== undefined, `no item was opened at output_index ${index}`);
    item.push(event);
  }

  #end(response: Json, status: string): void {
    for (const [index, item] of this.#items.entries()) {
      check(item.done !== undefined, `the ${item.type} at output_index ${index} was never closed`);
    }
    check(response.status === status, `the response's status is "${String(response.status)}"`);
    check(
      (response.error !== null) === (status === "failed"),
      "error is for failed responses, and they have one",
    );
    const incomplete = response.incomplete_details !== null;
    check(
      incomplete === (status === "incomplete"),
      "incomplete_details are for incomplete responses, and they have them",
    );
    if (status === "completed") check(typeof response.completed_at === "number", "completed_at is missing");
    const done = this.#items.map((item) => item.done);
    check(
      isDeepStrictEqual(response.output, done),
      `output differs from the items that were streamed:\n${JSON.stringify(response.output)}\n${JSON.stringify(done)}`,
    );
    this.#terminal = response;
  }
}
