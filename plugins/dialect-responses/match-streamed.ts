import type { wire } from "../../core/index.ts";
import { type Begun, idOf, kindOf } from "./begun-items.ts";
import { saysTheSame } from "./says-the-same.ts";

/** An item of an ended response, and the streamed item that it matches. */
interface Pair {
  item: wire.OutputItem;
  begun: Begun | undefined;
}

/** Which items of a response were streamed before: matched by id, by content or by position. */
export function matchStreamed(output: readonly wire.OutputItem[], begun: readonly Begun[]): Pair[] {
  const left = new Set(begun);
  const pairs = output.map((item): Pair => ({ item, begun: undefined }));
  for (const matches of [hasSameId, saysTheSame, standsThere])
    for (const [index, pair] of pairs.entries()) {
      if (pair.begun) continue;
      const kind = kindOf(pair.item);
      for (const candidate of left) {
        if (candidate.kind !== kind || !matches(candidate, pair.item, index)) continue;
        pair.begun = candidate;
        left.delete(candidate);
        break;
      }
    }
  return pairs;
}

function hasSameId({ id, item: received }: Begun, item: wire.OutputItem): boolean {
  if (item.type === "function_call" && received?.type === "function_call" && idOf(item.call_id))
    return item.call_id === received.call_id;
  return id !== undefined && id === (item as { id?: unknown }).id;
}

/** Whether a streamed item is this one by its position. If the types differ, the index was wrong. */
function standsThere({ index, item: received }: Begun, item: wire.OutputItem, place: number): boolean {
  return index === place && (received === undefined || received.type === item.type);
}
