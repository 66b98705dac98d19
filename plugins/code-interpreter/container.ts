import type { Session } from "./runtime.ts";

export interface ContainerOptions {
  /** `cntr_…` */
  id: string;
  name: string;
  /** Milliseconds without use until it expires. */
  idleMs: number;
}

/** Where the code of one conversation runs: a session with its variables and files, once there was an execution. */
export class Container {
  readonly id: string;
  readonly name: string;
  readonly idleMs: number;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt = Date.now();
  lastActiveAt = this.createdAt;
  session: Session | undefined;
  /** What the model does not know yet: variables or files of its earlier calls are gone. */
  loss: string | undefined;
  readonly #ending = new AbortController();

  constructor({ id, name, idleMs }: ContainerOptions) {
    this.id = id;
    this.name = name;
    this.idleMs = idleMs;
  }

  /** Aborts when the container is deleted or has expired. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** Milliseconds since the Unix epoch. */
  get expiresAt(): number {
    return this.lastActiveAt + this.idleMs;
  }

  touch(): void {
    this.lastActiveAt = Date.now();
  }

  /** The model knows that this session has ended, since it ended in its own execution. */
  forget(session: Session): void {
    if (this.session === session) this.session = undefined;
    this.loss = undefined;
  }

  /** Ends the session. An execution that runs ends with `reason`. */
  async end(reason: string): Promise<void> {
    this.#ending.abort(new Error(reason));
    const { session } = this;
    this.session = undefined;
    await session?.close();
  }
}
