import type { TurnScope } from "../scopes.ts";
import { closeNow } from "./close.ts";
import type { Run } from "./run.ts";

/**
 * The items that resolving tools brought (`mcp_list_tools` and the like) open the output. They are the first
 * that a client sees, so they wait until nothing can refuse the request any more.
 */
export async function showListed(run: Run, turn: TurnScope): Promise<void> {
  for (const listed of run.unlisted.splice(0)) await closeNow(run, turn, run.assembler.addListed(listed));
}
