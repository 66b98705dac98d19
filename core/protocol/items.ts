import { entryOf, type HostedType } from "./catalogue.ts";
import type {
  EasyInputMessage,
  FunctionCallOutputItemParam,
  FunctionToolCall,
  InputItem,
  InputMessage,
  ItemReferenceParam,
  OutputItem,
  OutputMessage,
  ReasoningItem,
} from "./wire.ts";

/** An item as the wire has it, in a request or in a response. */
export type Item = InputItem | OutputItem;

/** A message of any role; `type` may be absent in requests. */
export type MessageItem = EasyInputMessage | InputMessage | OutputMessage;

/** What every model can read. All else is made into these by a tool kind's `replay`. */
export type ModelItem = MessageItem | ReasoningItem | FunctionToolCall | FunctionCallOutputItemParam;

/**
 * A call of a hosted tool that no plugin here owns: the upstream ran it itself, and only one that speaks items
 * can read it.
 */
export type HostedItem = Extract<Item, { type: HostedType }>;

/**
 * An item with the turn that made it: items of one turn belong to one assistant message, however many
 * results stand between them. Absent for what a client sent. Unique within a conversation's history.
 */
export interface InTurn<T> {
  item: T;
  turn?: number;
  /** JSON that the plugin which made the item keeps for later requests, under its own key. No client sees it. */
  note?: Note;
}

export type Note = Readonly<Record<string, unknown>>;

/** An item as stores keep it. */
export type StoredItem = InTurn<Item>;

/** The type of an item; messages may come without one. */
export function itemType(item: Item): string {
  return (item as { type?: string | null }).type ?? ("role" in item ? "message" : "item_reference");
}

export function isMessage(item: Item): item is MessageItem {
  return itemType(item) === "message";
}

export function isFunctionCall(item: Item): item is FunctionToolCall {
  return item.type === "function_call";
}

export function isFunctionCallOutput(item: Item): item is FunctionCallOutputItemParam {
  return item.type === "function_call_output";
}

/** The id of the request by whose approval this call ran. */
export function approvedRequestId(item: Item): string | undefined {
  return item.type === "mcp_call" ? (item.approval_request_id ?? undefined) : undefined;
}

export function isItemReference(item: Item): item is ItemReferenceParam {
  return itemType(item) === "item_reference";
}

export function isModelItem(item: Item): item is ModelItem {
  return entryOf(itemType(item))?.reads === "itself";
}

export function isHostedItem(item: Item): item is HostedItem {
  return entryOf(itemType(item))?.runs === "server";
}
