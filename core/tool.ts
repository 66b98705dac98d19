import type { MaybePromise, ResponseContext, ToolTurn } from "./context.ts";
import type { Progress } from "./protocol/events.ts";
import type { Item, Note } from "./protocol/items.ts";
import type { JsonSchema } from "./protocol/model-request.ts";
import type { ToolEntry } from "./protocol/request.ts";
import type { FunctionCallOutputItemParam, IncludeEnum, OutputItem } from "./protocol/wire.ts";

/** What the model reads of a call: text, or content parts (text, images, files). */
export type ToolOutput = FunctionCallOutputItemParam["output"];

/** How an execution ended. `details` is for the tool's own presentation; the model does not see it. */
export type ToolResult =
  | { kind: "output"; output: ToolOutput; details?: unknown }
  | { kind: "error"; message: string; details?: unknown };

/** Data that a tool returns; the model reads it as JSON. */
export type ToolData = readonly unknown[] | { readonly [field: string]: unknown; readonly kind?: never };

/** How a call ended. `stopped`: by a guardrail, the length limit or an abort; it was never executed, or not to its end. */
export type CallEnd = ToolResult | { kind: "stopped" };

/** An output item of a tool without its `id`, which the core gives. */
export type ItemDraft = OutputItem extends infer T ? (T extends { id?: unknown } ? Omit<T, "id"> : T) : never;

/**
 * How one call shows in the stream. One object per call: a closure may hold the state of a live cut.
 * Synchronous. The core adds `item_id`, `output_index` and `sequence_number`.
 */
export interface Presentation {
  /** Of the item's id: `ci` gives `ci_…`. */
  idPrefix: string;
  /** As `output_item.added` shows it. */
  item: ItemDraft;
  /** Follow `output_item.added`. */
  opened: Progress[];
  /** Raw argument text as it streams. */
  args(delta: string): Progress[];
  /** The arguments are complete; before the tool runs. */
  ready(args: string): Progress[];
  /**
   * `events` come before `output_item.done`; `item` is the whole item, as it is stored. A call that was cut
   * off ends without `ready`: what was streamed of its arguments is then closed here.
   */
  done(end: CallEnd): { item: ItemDraft; events: Progress[] };
}

export interface Tool {
  /** What the model calls: `^[a-zA-Z0-9_-]{1,64}$`, unique in a request. */
  name: string;
  description?: string;
  parameters: JsonSchema;
  strict?: boolean;
  /** The tool's name on the wire (items, `tool_choice`), where it differs from what the model calls. */
  wireName?: string;
  /** Who runs it, for the default presentation (`server_label`). The plugin's name unless said. */
  label?: string;
  /** True: the call is shown as an `mcp_approval_request` and runs only once the client approved it. */
  needsApproval?: boolean;
  /**
   * Absent: the call shows as an `mcp_call`, which every SDK takes as executed by the server.
   * `approvalRequestId` is that of the request that the client approved, for calls that needed it.
   */
  present?(approvalRequestId?: string): Presentation;
  /**
   * `args` is the parsed JSON of the arguments, always an object. A member that is `null` is left out if `parameters`
   * make it optional and do not allow null. Returning text, content parts or data gives an `output` result; throwing
   * gives an `error` result.
   */
  execute(args: Record<string, unknown>, turn: ToolTurn): MaybePromise<ToolResult | ToolOutput | ToolData>;
}

/** An item that resolving a tool brings into the output, whole, with the events of its life. */
export interface ListedItem {
  idPrefix: string;
  item: ItemDraft;
  /** Follow `output_item.added`, whose item is `opened`. */
  opened: ItemDraft;
  events: Progress[];
  /** Kept beside the item, and found there in the `history` of later responses: JSON that nobody is shown. */
  note?: Note;
}

/** What an entry of `tools[]` became. `items` open the stream, in order. */
export interface ResolvedEntry {
  tools: Tool[];
  items?: ListedItem[];
}

/** An earlier call as a model can read it. */
export interface ReplayedCall {
  /** The `call_id`; unique in the conversation. The item's own id serves. */
  id: string;
  name: string;
  arguments: string;
  output: ToolOutput;
}

/** A type of `tools[]` entries and the items that they lead to: both directions in one place. */
export interface ToolKind {
  /** The `type` of its `tools[]` entries, unique to it. Entries of type `mcp` may also name plugins' single tools. */
  type: string;
  /** `undefined`: not mine. @throws VrError, whose `param` the core completes to `tools[i]…` */
  resolve(entry: ToolEntry, context: ResponseContext): MaybePromise<ResolvedEntry | undefined>;
  /**
   * Item types that this kind owns, for `replay` and `mask`. One that the API does not know may stand in `input` too;
   * only its `id` is checked.
   */
  items?: readonly string[];
  /**
   * What a model reads of an item of this kind. `undefined`: nothing (`mcp_list_tools`), or not mine. `entries` are
   * those of the request that continues the conversation: names for its model may depend on them.
   */
  replay?(item: Item, entries: readonly ToolEntry[]): ReplayedCall | undefined;
  /** What the client sees of a whole item, by what it asked to `include`. */
  mask?(item: OutputItem, include: ReadonlySet<IncludeEnum>): OutputItem;
}

/** A gateway tool's call, as `onToolCall` taps see it. */
export interface ToolCall {
  /** `call_id` */
  id: string;
  tool: Tool;
  name: string;
  /** Parsed. */
  arguments: Record<string, unknown>;
  /** The id of the approval request that allows the call. A tap that asks for approval again is ignored. */
  approval?: string;
}

/** What an `onToolCall` tap may answer; `undefined` is no opinion, and the silence of all runs the tool. */
export type ToolDecision =
  | { kind: "output"; output: ToolOutput; details?: unknown }
  | { kind: "error"; message: string }
  | { kind: "deny"; reason: string }
  | { kind: "needs_approval" };
