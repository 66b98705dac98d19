import type { wire } from "../../core/index.ts";
import { type Begun, idOf, kindOf } from "./begun-items.ts";
import { saysTheSame } from "./says-the-same.ts";

/** An item of a response that has ended, and what the stream told of it. */
interface Pair {
  item: wire.OutputItem;
  begun: Begun | undefined;
}

/** Which of a response's items were told as they streamed: by their ids, by what they say, or by their place. */
export function toldBefore(output: readonly wire.OutputItem[], begun: readonly Begun[]): Pair[] {
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

function hasSameId({ id, item: told }: Begun, item: wire.OutputItem): boolean {
  if (item.type === "function_call" && told?.type === "function_call" && idOf(item.call_id))
    return item.call_id === told.call_id;
  return id !== undefined && id === (item as { id?: unknown }).id;
}

/** An item of another type at the same place was numbered wrongly. */
function standsThere({ index, item: told }: Begun, item: wire.OutputItem, place: number): boolean {
  return index === place && (told === undefined || told.type === item.type);
}
