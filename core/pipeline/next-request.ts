import {
  type HostedItem,
  type InTurn,
  isHostedItem,
  isModelItem,
  type ModelItem,
  type Note,
} from "../protocol/items.ts";
import type { ModelRequest, ToolChoice } from "../protocol/model-request.ts";
import type { Run } from "./run.ts";
import type { CallsEnd } from "./tool-calls.ts";

/** The request of the next turn: what the turn whose output begins at `first` has added, and a choice that is free. */
export function nextRequest(run: Run, request: ModelRequest, first: number, calls: CallsEnd): ModelRequest {
  const toolChoice = calls.hasRun ? withoutForce(run, request.toolChoice) : request.toolChoice;
  return { ...request, items: [...request.items, ...itemsOfTurn(run, first, calls.ran)], toolChoice };
}

/** What a turn offers the model: no tools in the last turn, no gateway tools once `max_tool_calls` is reached. */
export function offered(run: Run, request: ModelRequest, isLast: boolean): ModelRequest {
  if (isLast) {
    const hosted = request.hosted && { ...request.hosted, tools: [] };
    return { ...request, tools: [], hosted, toolChoice: { mode: "none" } };
  }
  const { gateway } = run.tools;
  if (run.assembler.calls.left > 0 || gateway.size === 0) return request;
  const tools = request.tools.filter(({ name }) => !gateway.has(name));
  if (tools.length === 0 && !request.hosted?.tools.length)
    return { ...request, tools, toolChoice: { mode: request.toolChoice.mode === "none" ? "none" : "auto" } };
  const { names } = request.toolChoice;
  if (!names?.some((name) => gateway.has(name))) return { ...request, tools };
  const toolChoice = withoutForce(run, request.toolChoice);
  if (!toolChoice.names) return { ...request, tools, toolChoice };
  return {
    ...request,
    tools,
    toolChoice: { ...toolChoice, names: names.filter((name) => !gateway.has(name)) },
  };
}

/**
 * What the turn whose output begins at `first` adds to what the model reads, in the order in which it was said:
 * servers that give encrypted reasoning want each call right behind its own.
 */
function itemsOfTurn(run: Run, first: number, calls: CallsEnd["ran"]): InTurn<ModelItem | HostedItem>[] {
  const { hosted, output, calls: all } = run.assembler;
  const said: InTurn<ModelItem | HostedItem>[] = [];
  const shown = new Set(calls.map(({ outputIndex }) => outputIndex));
  const called = Map.groupBy(calls, ({ calledAt }) => calledAt);
  for (let i = first; i <= output.next; i++) {
    for (const call of called.get(i) ?? [])
      said.push(...withNote(call.items, output.items[call.outputIndex]?.note));
    const stored = output.items[i];
    if (!stored || shown.has(i)) continue;
    const { item } = stored;
    if (isModelItem(item) || (hosted.has(i) && isHostedItem(item))) said.push({ ...stored, item });
  }
  // Servers refuse reasoning that nothing follows: it led to a call that was ignored.
  if (all.ignored > 0) while (said.at(-1)?.item.type === "reasoning") said.pop();
  return said;
}

/** The note of a call goes with the call, not with its output. */
function withNote([call, ...rest]: InTurn<ModelItem>[], note: Note | undefined): InTurn<ModelItem>[] {
  return call ? [note ? { ...call, note } : call, ...rest] : rest;
}

/**
 * A forced choice holds for the first turn: once a gateway call has run, an approved one too, the model is free to
 * answer. Tools that `allowed_tools` leaves out stay left out.
 */
function withoutForce(run: Run, { mode, ...limits }: ToolChoice): ToolChoice {
  const { tool_choice: asked } = run.context.request;
  const staysLimited = limits.names && typeof asked === "object" && asked.type === "allowed_tools";
  const free = mode === "required" ? "auto" : mode;
  return staysLimited ? { mode: free, ...limits } : { mode: free };
}
