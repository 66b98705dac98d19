import type { OutputItem } from "./wire.ts";

/** What a client has not been shown when an item ends: a tool's outcome, and annotations of the last part. */
const CHANGEABLE = new Set(["output", "outputs", "error", "results", "result", "annotations", "status"]);

/**
 * The path of the first difference that a client would notice, since it was streamed already: text,
 * arguments, names, ids. `undefined` when only outcomes and annotations differ.
 */
export function streamedChange(before: OutputItem, after: OutputItem): string | undefined {
  return difference(before, after, "item");
}

function difference(
  before: unknown,
  after: unknown,
  path: string,
  isEarlierPart = false,
): string | undefined {
  if (before === after) return undefined;
  if (!isRecord(before) || !isRecord(after)) return path;
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (CHANGEABLE.has(key) && !isEarlierPart) continue;
    const found = difference(
      before[key],
      after[key],
      Array.isArray(before) ? `${path}[${key}]` : `${path}.${key}`,
      path === "item.content" && Number(key) < (before as unknown as unknown[]).length - 1,
    );
    if (found) return found;
  }
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Objects that are frozen recursively; a frozen object may otherwise hold others that are not. */
const frozen = new WeakSet<object>();

/** Freezes recursively, so that a tap that writes into it fails instead of having half an effect. */
export function deepFreeze<T>(value: T): T {
  // Typed arrays and other views cannot be frozen.
  if (!isRecord(value) || frozen.has(value) || ArrayBuffer.isView(value)) return value;
  frozen.add(value);
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
  return value;
}
