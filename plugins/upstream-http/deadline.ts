/**
 * What a call waits for: "answer" the first byte of a body, "read" the next bytes of it, "done" usage and
 * `[DONE]` after a `finish_reason`, "end" that the server ends what it has finished, "retry" the time to ask again.
 */
export type Wait = "answer" | "read" | "done" | "end" | "retry";

export interface Waiting {
  /** The time is over. */
  late(wait: Wait): void;
}

/** The one timer of a call: it waits for one thing at a time. */
export class Deadline {
  readonly #owner: Waiting;
  #wait: Wait = "answer";
  #timer: NodeJS.Timeout | undefined;

  constructor(owner: Waiting) {
    this.#owner = owner;
  }

  /** In place of what was waited for before. */
  start(wait: Wait, ms: number): void {
    clearTimeout(this.#timer);
    this.#wait = wait;
    this.#timer = setTimeout(Deadline.#expire, ms, this);
  }

  /** As `start`, but the time runs on from now if this is what is being waited for. Called for every read. */
  extend(wait: Wait, ms: number): void {
    if (this.#timer !== undefined && this.#wait === wait) this.#timer.refresh();
    else this.start(wait, ms);
  }

  stop(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  static #expire(deadline: Deadline): void {
    deadline.#timer = undefined;
    deadline.#owner.late(deadline.#wait);
  }
}
