import type { Turn } from "../../core/context.ts";
import type { Plugin } from "../../core/plugin.ts";
import type { ModelChunk } from "../../core/protocol/chunk.ts";
import type { HostedItem, ModelItem } from "../../core/protocol/items.ts";
import type { ModelRequest } from "../../core/protocol/model-request.ts";
import { call, finish, text } from "./chunks.ts";

/** One read of the upstream (a chunk or several), a gate to wait for, or what it throws there. */
export type Step = ModelChunk | readonly ModelChunk[] | Promise<unknown> | Error;

/** One model call: its reads. A script that is to be complete ends in `finish`. */
export type ScriptedTurn = readonly Step[] | ((request: ModelRequest, turn: Turn) => readonly Step[]);

export interface Scripted extends Plugin {
  /** What the gateway asked, in order. */
  readonly requests: ModelRequest[];
  /** The items that the model reads in the n-th request, without their turns. */
  read(n: number): (ModelItem | HostedItem)[];
  /** How many reads the gateway has taken. */
  readonly reads: number;
  /** How many calls the gateway has let go, at their end or before. */
  readonly released: number;
}

/** An upstream that says what the script says, turn by turn, whoever asks. */
export function scripted(...turns: readonly ScriptedTurn[]): Scripted {
  const requests: ModelRequest[] = [];
  let reads = 0;
  let released = 0;

  async function* stream(request: ModelRequest, turn: Turn): AsyncGenerator<readonly ModelChunk[]> {
    const script = turns[requests.length];
    requests.push(request);
    if (!script) throw new Error(`the script has ${turns.length} turns, but another was asked for`);
    const steps = typeof script === "function" ? script(request, turn) : script;
    try {
      const whole: ModelChunk[] = [];
      for (const step of steps) {
        turn.signal.throwIfAborted();
        if (step instanceof Error) throw step;
        if (step instanceof Promise) await unlessAborted(step, turn.signal);
        else if (!request.stream) whole.push(...[step].flat());
        else {
          reads++;
          yield [step].flat();
        }
      }
      if (!request.stream) yield whole;
    } finally {
      released++;
    }
  }

  return {
    name: "scripted",
    setup: (vr) =>
      vr.upstreams.add({
        name: "scripted",
        description: "says what a test wrote",
        stream,
        models: async () => [{ id: "model-1" }],
        defaultModel: () => "model-1",
      }),
    requests,
    read: (n) => requests[n]?.items.map(({ item }) => item) ?? [],
    get reads() {
      return reads;
    },
    get released() {
      return released;
    },
  };
}

/** A turn in which the model says this, in one read. */
export const says = (...parts: readonly (string | ModelChunk)[]): ModelChunk[][] => [
  [...parts.map((part) => (typeof part === "string" ? text(part) : part)), finish("stop")],
];

/** A turn in which the model calls these tools at once: `calls(["clock", {}], ["add", { a: 1 }])`. */
export const calls = (...made: readonly (readonly [name: string, values: object])[]): ModelChunk[][] => [
  [...made.flatMap(([name, values], index) => call(name, values, index)), finish("tool_calls")],
];

/** A promise that the test opens. */
export interface Gate<T = void> {
  readonly promise: Promise<T>;
  open(value: T): void;
}

export function gate<T = void>(): Gate<T> {
  const { promise, resolve } = Promise.withResolvers<T>();
  return { promise, open: resolve };
}

/** @throws the signal's reason as soon as it aborts */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
