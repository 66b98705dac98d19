import { type Item, JsonBudget, type ReplayedCall, replayDefault, type ToolEntry } from "../../core/index.ts";
import { modelName } from "./model-name.ts";
import { fromStored } from "./result.ts";

/** An earlier call or approval request, as the model of a request with these entries reads it. */
export function replayed(
  item: Extract<Item, { type: "mcp_call" | "mcp_approval_request" }>,
  entries: readonly ToolEntry[],
): ReplayedCall {
  const { id, server_label } = item;
  const name = modelName(server_label, item.name, entries);
  if (item.type === "mcp_approval_request")
    return { id, name, arguments: item.arguments || "{}", output: "" };
  const call = replayDefault(item);
  // An output that is not text was stored as text.
  return {
    ...call,
    name,
    output: typeof call.output === "string" ? fromStored(call.output, budgetOf(entries)) : call.output,
  };
}

const budgets = new WeakMap<readonly ToolEntry[], JsonBudget>();

/** The budget of one request, with its entries as the key. */
function budgetOf(entries: readonly ToolEntry[]): JsonBudget {
  const budget = budgets.get(entries) ?? new JsonBudget();
  budgets.set(entries, budget);
  return budget;
}
