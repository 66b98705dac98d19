import type { ResponseContext } from "../context.ts";
import { InvalidRequestError } from "../errors.ts";
import {
  type HostedItem,
  type InTurn,
  type Item,
  isHostedItem,
  isItemReference,
  type ModelItem,
  type StoredItem,
} from "../protocol/items.ts";
import type { Registry } from "../registry.ts";
import type { Store } from "../store.ts";
import { type Approval, findApprovals } from "./approvals.ts";
import { answerOrphans } from "./orphans.ts";
import { resolveReferences } from "./references.ts";
import { replayCall, replayItems } from "./replay.ts";
import { notFoundIn } from "./without-store.ts";

/** What a response continues. */
export interface Conversation {
  /** What the model reads, oldest first. */
  items: InTurn<ModelItem | HostedItem>[];
  /** The same as it is stored: previous responses' items, then the request's own input. */
  history: StoredItem[];
  /** The request's own input with references resolved, as it is stored. */
  input: Item[];
  /** The number of the next turn, unique in the conversation. */
  nextTurn: number;
  /** Calls that this request's input approves. */
  approvals: Approval[];
}

/**
 * `previous_response_id` and `input` → the conversation that the model reads. `runsHosted`: whether the upstream
 * reads items of hosted tools that no plugin here owns.
 * @throws InvalidRequestError `previous_response_not_found`; NotFoundError for an unknown `item_reference`;
 * StoreError when the store cannot be reached
 */
export async function hydrate(
  registry: Registry,
  context: ResponseContext,
  runsHosted = false,
): Promise<Conversation> {
  const { request } = context;
  const { store } = registry;
  const previousId = request.previous_response_id;
  const history = previousId === undefined ? [] : numberTurns(await getHistory(store, previousId));
  const input = request.input.some(isItemReference)
    ? await resolveReferences(request.input, history, store)
    : request.input;
  const own = input.map((item): StoredItem => ({ item }));
  const nextTurn = history.reduce((next, { turn }) => Math.max(next, (turn ?? -1) + 1), 0);
  if (history.length === 0 && own.every(({ item }) => isPlainMessage(item)))
    return { items: own as InTurn<ModelItem | HostedItem>[], history: own, input, nextTurn, approvals: [] };

  if (
    !runsHosted &&
    history.some(({ item }) => isHostedItem(item) && !replayCall(registry, item, request.tools))
  )
    context.warn("calls of hosted tools in the conversation were left out: no plugin here reads them");

  const all = [...history, ...own];
  const approvals = findApprovals(all, input);
  const past = replayItems(registry, all.slice(0, history.length), {
    conversation: all,
    runsHosted,
    entries: request.tools,
  });
  const present = replayItems(registry, all.slice(history.length), {
    conversation: all,
    runsHosted,
    entries: request.tools,
    context,
  });
  const items = answerOrphans(past, present);
  if (items.length === 0 && approvals.length === 0 && request.instructions === undefined)
    throw new InvalidRequestError("There is nothing in the input that the model could read.", {
      param: "input",
    });
  return { items, history: all, input, nextTurn, approvals };
}

function isPlainMessage(item: Item): boolean {
  return item.type === "message";
}

async function getHistory(store: Store | undefined, id: string): Promise<StoredItem[][]> {
  const history = await store?.getHistory(id);
  if (history) return history;
  throw new InvalidRequestError(notFoundIn(store, `Previous response with id "${id}"`), {
    param: "previous_response_id",
    code: "previous_response_not_found",
  });
}

/** Every response counts its turns from 0; in a conversation they go on counting. */
function numberTurns(responses: StoredItem[][]): StoredItem[] {
  const all: StoredItem[] = [];
  let base = 0;
  for (const items of responses) {
    let next = base;
    for (const stored of items) {
      if (stored.turn === undefined) {
        all.push(stored);
        continue;
      }
      const turn = base + stored.turn;
      all.push({ ...stored, turn });
      next = Math.max(next, turn + 1);
    }
    base = next;
  }
  return all;
}
