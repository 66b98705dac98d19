import { InvalidRequestError } from "../errors.ts";
import {
  type HostedItem,
  type InTurn,
  isFunctionCall,
  isFunctionCallOutput,
  type ModelItem,
} from "../protocol/items.ts";

/**
 * Calls without outputs and outputs without calls break chat templates for good. In stored history a call
 * without an output is answered for the model, so that one crash cannot poison a conversation; in the
 * request's own input it is the client's mistake, and said.
 * @throws InvalidRequestError with the `call_id`
 */
export function answerOrphans(
  past: InTurn<ModelItem | HostedItem>[],
  present: InTurn<ModelItem | HostedItem>[],
): InTurn<ModelItem | HostedItem>[] {
  const called = new Set<string>();
  const answered = new Set<string>();
  for (const { item } of [...past, ...present]) {
    if (isFunctionCall(item)) called.add(item.call_id);
    else if (isFunctionCallOutput(item) && item.call_id) answered.add(item.call_id);
  }
  for (const { item } of present) {
    if (isFunctionCall(item) && !answered.has(item.call_id))
      throw orphan(`No tool output found for function call ${item.call_id}.`);
    if (isFunctionCallOutput(item) && !called.has(item.call_id ?? ""))
      throw orphan(`No tool call found for function call output with call_id ${item.call_id}.`);
  }
  const items: InTurn<ModelItem | HostedItem>[] = [];
  for (const entry of past) {
    items.push(entry);
    const { item, turn } = entry;
    if (!isFunctionCall(item) || answered.has(item.call_id)) continue;
    const { call_id } = item;
    const given: ModelItem = { type: "function_call_output", call_id, output: "no output was given" };
    items.push(turn === undefined ? { item: given } : { item: given, turn });
  }
  return items.concat(present);
}

function orphan(message: string): InvalidRequestError {
  return new InvalidRequestError(message, { param: "input" });
}
