/**
 * What a call waits for. "answer": the first byte of the body. "read": its next bytes. "done": usage and `[DONE]` after
 * a `finish_reason`. "end": the server's end of a finished body. "retry": the time to ask again.
 */
export type Wait = "answer" | "read" | "done" | "end" | "retry";

export interface DeadlineOwner {
  /** Called when the time is over. */
  late(wait: Wait): void;
}

/** The only timer of a call. It waits for one thing at a time. */
export class Deadline {
  readonly #owner: DeadlineOwner;
  #wait: Wait = "answer";
  #timer: NodeJS.Timeout | undefined;

  constructor(owner: DeadlineOwner) {
    this.#owner = owner;
  }

  /** Waits for this instead of what was waited for before. */
  start(wait: Wait, ms: number): void {
    clearTimeout(this.#timer);
    this.#wait = wait;
    this.#timer = setTimeout(Deadline.#expire, ms, this);
  }

  /** Like `start`. If this is already being waited for, its time begins again. Called for every read. */
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
