import { readSync } from "node:fs";

/** Milliseconds between looks. */
const LOOK_MS = 5;
const LOOK_AT_PARENT_MS = 500;
const SIGINT = 2;

/**
 * The object that Pyodide reads for a signal between Python's instructions. No other thread can write to shared memory,
 * so the gateway writes to a file of one byte: each new value is one interrupt.
 */
export class Interrupts {
  readonly #fd: number;
  readonly #now: () => number;
  readonly #parent: () => number;
  readonly #tick: () => void;
  readonly #byte = Buffer.alloc(1);
  #seen = 0;
  #lookedAt = 0;
  #lookedAtParentAt = 0;
  readonly #parentAtStart: number;
  /** When this process ends itself, in milliseconds of the process's clock. */
  #deadline = Number.POSITIVE_INFINITY;
  readonly #end: () => never;

  constructor(
    fd: number,
    process: { now(): number; parent(): number; end(): never },
    /** Called at each read. */
    tick: () => void,
  ) {
    this.#fd = fd;
    this.#now = process.now;
    this.#parent = process.parent;
    this.#end = process.end;
    this.#parentAtStart = process.parent();
    this.#tick = tick;
  }

  /** Call when an execution begins. Earlier interrupts do not apply to it. */
  start(lifetimeMs: number): void {
    this.#seen = this.#look();
    this.#deadline = this.#now() + lifetimeMs;
  }

  /** The signal, which Pyodide reads as the first element of an array; 0 if there is none. */
  get 0(): number {
    const now = this.#now();
    if (now - this.#lookedAt < LOOK_MS) return 0;
    this.#lookedAt = now;
    if (now > this.#deadline) this.#end();
    if (now - this.#lookedAtParentAt >= LOOK_AT_PARENT_MS) {
      this.#lookedAtParentAt = now;
      if (this.#parent() !== this.#parentAtStart) this.#end();
    }
    this.#tick();
    const value = this.#look();
    if (value === this.#seen) return 0;
    this.#seen = value;
    return SIGINT;
  }

  /** Pyodide clears the signal, which needs no action. */
  set 0(_value: number) {}

  #look(): number {
    return readSync(this.#fd, this.#byte, 0, 1, 0) === 1 ? (this.#byte[0] ?? 0) : this.#seen;
  }
}
