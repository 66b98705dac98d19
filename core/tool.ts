import type { MaybePromise, ResponseContext, ToolTurn } from "./context.ts";
import type { Progress } from "./protocol/events.ts";
import type { Item, Note } from "./protocol/items.ts";
import type { JsonSchema } from "./protocol/model-request.ts";
import type { ToolEntry } from "./protocol/request.ts";
import type { FunctionCallOutputItemParam, IncludeEnum, OutputItem } from "./protocol/wire.ts";

/** What the model reads as a call's output: text, or content parts (text, images, files). */
export type ToolOutput = FunctionCallOutputItemParam["output"];

/** How an execution ended. `details` is for the tool's own presentation; the model does not see it. */
export type ToolResult =
  | { kind: "output"; output: ToolOutput; details?: unknown }
  | { kind: "error"; message: string; details?: unknown };

/** Data that a tool returns; the model reads it as JSON. */
export type ToolData = readonly unknown[] | { readonly [field: string]: unknown; readonly kind?: never };

/**
 * How a call ended. `stopped`: by a guardrail, the length limit or an abort; it was never executed, or not to its
 * end.
 */
export type CallEnd = ToolResult | { kind: "stopped" };

/** An output item of a tool, without its `id`, which the core adds. */
export type ItemDraft = OutputItem extends infer T ? (T extends { id?: unknown } ? Omit<T, "id"> : T) : never;

/**
 * How one call appears in the stream. One object per call, so it may keep state. Synchronous. The core adds `item_id`,
 * `output_index` and `sequence_number`.
 */
export interface Presentation {
  /** The prefix of the item's id: `ci` gives `ci_…`. */
  idPrefix: string;
  /** The item in `output_item.added`. */
  item: ItemDraft;
  /** Events after `output_item.added`. */
  opened: Progress[];
  /** Called with raw argument text as it streams. */
  args(delta: string): Progress[];
  /** Called when the arguments are complete, before the tool runs. */
  ready(args: string): Progress[];
  /**
   * Called when the call has ended. `events` come before `output_item.done`; `item` is the complete item, as it is
   * stored. A call that was cut off ends without `ready`: the events must then also close its streamed arguments.
   */
  done(end: CallEnd): { item: ItemDraft; events: Progress[] };
}

export interface Tool {
  /** The name that the model calls: `^[a-zA-Z0-9_-]{1,64}$`, unique in a request. */
  name: string;
  description?: string;
  parameters: JsonSchema;
  strict?: boolean;
  /** The tool's name on the wire (items, `tool_choice`), if it differs from `name`. */
  wireName?: string;
  /** The `server_label` of the default presentation. Default: the plugin's name. */
  label?: string;
  /** If true, the call is shown as an `mcp_approval_request` and runs only after the client has approved it. */
  needsApproval?: boolean;
  /**
   * How the call appears. If absent, the call appears as an `mcp_call`, which every SDK treats as run by the server.
   * `approvalRequestId`: the id of the approved request, for calls that needed approval.
   */
  present?(approvalRequestId?: string): Presentation;
  /**
   * `args` is the parsed JSON of the arguments, always an object. A member that is `null` is left out if `parameters`
   * make it optional and do not allow null. Returning text, content parts or data gives an `output` result; throwing
   * gives an `error` result.
   */
  execute(args: Record<string, unknown>, turn: ToolTurn): MaybePromise<ToolResult | ToolOutput | ToolData>;
}

/** An item that resolving a tool adds to the output, complete with its events. */
export interface ListedItem {
  idPrefix: string;
  item: ItemDraft;
  /** The item in `output_item.added`. */
  opened: ItemDraft;
  events: Progress[];
  /** JSON that is stored with the item and found in the `history` of later responses. No client sees it. */
  note?: Note;
}

/** What an entry of `tools[]` was resolved to. `items` come first in the stream, in this order. */
export interface ResolvedEntry {
  tools: Tool[];
  items?: ListedItem[];
}

/** An earlier call in a form that a model can read. */
export interface ReplayedCall {
  /** The `call_id`, unique in the conversation. The item's own id can be used. */
  id: string;
  name: string;
  arguments: string;
  output: ToolOutput;
}

/** A type of `tools[]` entries and its items: both directions in one place. */
export interface ToolKind {
  /** The `type` of its `tools[]` entries, unique to it. Entries of type `mcp` may also name plugins' single tools. */
  type: string;
  /** `undefined`: the entry is not of this kind. @throws VrError, whose `param` the core completes to `tools[i]…` */
  resolve(entry: ToolEntry, context: ResponseContext): MaybePromise<ResolvedEntry | undefined>;
  /**
   * Item types that this kind owns, for `replay` and `mask`. One that the API does not know may stand in `input` too;
   * only its `id` is checked.
   */
  items?: readonly string[];
  /**
   * What a model reads for an item of this kind. `undefined`: nothing (`mcp_list_tools`), or the item is not of this
   * kind. `entries` are those of the request that continues the conversation; tool names may depend on them.
   */
  replay?(item: Item, entries: readonly ToolEntry[]): ReplayedCall | undefined;
  /** The item as the client sees it, depending on its `include`. */
  mask?(item: OutputItem, include: ReadonlySet<IncludeEnum>): OutputItem;
}

/** A call of a gateway tool, as `onToolCall` taps see it. */
export interface ToolCall {
  /** `call_id` */
  id: string;
  tool: Tool;
  name: string;
  /** The parsed arguments. */
  arguments: Record<string, unknown>;
  /** The id of the approval request that allows the call. A tap that asks for approval again is ignored. */
  approval?: string;
}

/** What an `onToolCall` tap may return; `undefined`: no decision. If no tap returns a decision, the tool runs. */
export type ToolDecision =
  | { kind: "output"; output: ToolOutput; details?: unknown }
  | { kind: "error"; message: string }
  | { kind: "deny"; reason: string }
  | { kind: "needs_approval" };
