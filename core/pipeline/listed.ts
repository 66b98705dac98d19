import type { EventDraft } from "../protocol/events.ts";
import type { TurnScope } from "../scopes.ts";
import type { Run } from "./run.ts";

/**
 * The items that resolving tools brought (`mcp_list_tools` and the like) open the output. They are the first
 * that a client sees, so they wait until nothing can refuse the request any more.
 */
export async function showListed(run: Run, turn: TurnScope): Promise<void> {
  for (const listed of run.unlisted.splice(0)) {
    const out: EventDraft[] = [];
    const { item, outputIndex } = run.assembler.openListed(listed, out);
    // The taps first: an item that one stops is never opened, for nothing could close it.
    const finished = await run.finishItem(item, turn, []);
    run.assembler.output.close(outputIndex, finished, [], out, listed.note);
    run.emit(out);
  }
}
