import type { MaybePromise } from "../context.ts";
import type { EventDraft } from "../protocol/events.ts";
import type { OutputItem } from "../protocol/wire.ts";
import type { Ending } from "../response/open-items.ts";
import type { TurnScope } from "../scopes.ts";
import type { Run } from "./run.ts";

/**
 * Ends a whole item, whoever made it: `onOutputItem`, the events of its end, its place in the output. Returns the item as
 * the taps left it: a promise only where one is tapped, and then what was streamed before goes out first.
 */
export function close(
  run: Run,
  turn: TurnScope,
  ending: Ending,
  out: EventDraft[],
): MaybePromise<OutputItem> {
  const { output } = run.assembler;
  const hook = run.engine.hooks.onOutputItem;
  if (!hook || ending.isCutOff) {
    output.close(ending, out);
    return ending.item;
  }
  run.emit(out.splice(0));
  return hook(ending.item, turn).then((item) => {
    output.close(ending, out, item);
    return item;
  });
}

/** Ends an item outside of a batch of chunks: its events go out at once. */
export async function closeNow(run: Run, turn: TurnScope, ending: Ending): Promise<OutputItem> {
  const out: EventDraft[] = [];
  const item = await close(run, turn, ending, out);
  run.emit(out);
  return item;
}
