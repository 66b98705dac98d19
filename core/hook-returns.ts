import type { MaybePromise, Turn } from "./context.ts";
import { PluginError } from "./errors.ts";
import { isThenable, type Returned, type Tap } from "./hook-taps.ts";
import { isObject } from "./protocol/problem.ts";
import { deepFreeze, streamedChange } from "./protocol/streamed.ts";
import { isToolOutput } from "./protocol/tool-output.ts";
import type { OutputItem } from "./protocol/wire.ts";

/** What the taps of each hook may return. `onChunk` checks chunks itself. */
export const RETURNED = {
  beforeUpstream: { what: "a model request", is: isModelRequest },
  onOutputItem: { what: "an item", is: (result) => "type" in result },
  onToolCall: { what: "a decision", is: isDecision, problem: decisionProblem },
} satisfies Record<string, Returned>;

type ItemTap = Tap<(item: OutputItem, turn: Turn) => unknown>;
export type ItemGuard = (tap: ItemTap) => (...args: [OutputItem, Turn]) => MaybePromise<unknown>;

/** Rejects changes that a tap of `onOutputItem` may not make. */
export const guardItem: ItemGuard = (tap) => {
  const check = (before: OutputItem, after: unknown) => {
    const path = after ? streamedChange(before, after as OutputItem) : undefined;
    if (path)
      throw new PluginError(`plugin "${tap.name}" changed ${path} in onOutputItem: it was streamed already`);
    return after;
  };
  return (item, turn) => {
    const result = tap.fn(deepFreeze(item), turn);
    return isThenable(result)
      ? Promise.resolve(result).then((after) => check(item, after))
      : check(item, result);
  };
};

function isModelRequest({ items, tools }: { items?: unknown; tools?: unknown }): boolean {
  return isListOfObjects(items) && isListOfObjects(tools);
}

function isListOfObjects(value: unknown): boolean {
  return Array.isArray(value) && value.every(isObject);
}

function isDecision({ kind, output, message, reason }: Partial<Record<string, unknown>>): boolean {
  if (kind === "output") return isToolOutput(output);
  if (kind === "error") return typeof message === "string";
  return kind === "deny" ? typeof reason === "string" && reason.trim() !== "" : kind === "needs_approval";
}

function decisionProblem({ kind }: { kind?: unknown }): string | undefined {
  return kind === "deny" ? '"deny" needs a reason, which the model reads' : undefined;
}
