import { RuntimeError, type Session } from "./runtime.ts";

/** What a model is told whose container has another session than it had. */
export const ALL_LOST = "Variables and files of earlier calls are gone.";

export interface ContainerOptions {
  /** `cntr_…` */
  id: string;
  name: string;
  /** Milliseconds without use until it expires. */
  idleMs: number;
  /** A sentence: what the model has lost before this container was. */
  loss?: string | undefined;
}

/** Where the code of one conversation runs: a session with its variables and files, once there was an execution. */
export class Container {
  readonly id: string;
  readonly name: string;
  readonly idleMs: number;
  /** Milliseconds since the Unix epoch, for display. */
  readonly createdAt = Date.now();
  lastActiveAt = this.createdAt;
  /** Milliseconds of `performance.now()`, so that setting the clock does not end containers. */
  #activeAt = performance.now();
  session: Session | undefined;
  /** A sentence that the model is to be told yet: what of its earlier calls is gone, and why. */
  loss: string | undefined;
  #uses = 0;
  readonly #ending = new AbortController();

  constructor({ id, name, idleMs, loss }: ContainerOptions) {
    this.id = id;
    this.name = name;
    this.idleMs = idleMs;
    this.loss = loss;
  }

  /** Aborts when the container is deleted or has expired. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** Milliseconds since the last use. */
  get unusedMs(): number {
    return performance.now() - this.#activeAt;
  }

  /** Whether something runs or waits here: it does not expire then. */
  get inUse(): boolean {
    return this.#uses > 0;
  }

  async use<T>(work: () => Promise<T>): Promise<T> {
    this.#uses += 1;
    this.#touch();
    try {
      return await work();
    } finally {
      this.#uses -= 1;
      this.#touch();
    }
  }

  #touch(): void {
    this.lastActiveAt = Date.now();
    this.#activeAt = performance.now();
  }

  /** The session ended by itself, or is ended to make room: the next execution opens another, and says so. */
  async lose(session: Session, reason: string): Promise<void> {
    if (this.session !== session) return;
    this.session = undefined;
    this.loss = `${ALL_LOST} ${reason}`;
    await session.close();
  }

  /** The model knows that this session has ended, since it ended in its own execution. */
  forget(session: Session): void {
    if (this.session === session) this.session = undefined;
    this.loss = undefined;
  }

  /** Ends the session. An execution that runs ends with `reason`. */
  async end(reason: string): Promise<void> {
    this.#ending.abort(new RuntimeError("unavailable", reason));
    const { session } = this;
    this.session = undefined;
    await session?.close();
  }
}
