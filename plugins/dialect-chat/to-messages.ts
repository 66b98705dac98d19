import {
  assertNever,
  type InTurn,
  type Item,
  isFunctionCall,
  isFunctionCallOutput,
  isMessage,
  isModelItem,
  type MessageItem,
  type ModelItem,
  type ModelRequest,
} from "../../core/index.ts";
import { AssistantTurn, toToolMessage } from "./assistant-turn.ts";
import type { Members } from "./attached.ts";
import { asGiven, NineCharacterIds } from "./call-ids.ts";
import type { ChatMessage, ChatPart } from "./chat-types.ts";
import { fromNote } from "./note-of-server.ts";
import type { ChatQuirks } from "./quirks.ts";
import { mergeSystemMessages } from "./system-messages.ts";
import { type InputPart, toChatContent } from "./to-parts.ts";

/**
 * Converts items to chat messages. The items of one turn become one assistant message; so do adjacent items without a
 * turn. Only `server` gets back what it attached to its answers.
 */
export function toChatMessages(
  request: Pick<ModelRequest, "instructions" | "items">,
  quirks: ChatQuirks,
  server?: string,
): ChatMessage[] {
  const conversation = new Conversation(quirks, server);
  if (request.instructions) conversation.add({ role: "system", content: request.instructions });
  for (const entry of request.items)
    if (isModelItem(entry.item)) conversation.addItem(entry as InTurn<ModelItem>);
  return mergeSystemMessages(conversation.messages(), quirks);
}

class Conversation {
  readonly #quirks: ChatQuirks;
  readonly #server: string | undefined;
  readonly #entries: (ChatMessage | AssistantTurn)[] = [];
  readonly #turns = new Map<number, AssistantTurn>();
  /** The turns whose calls wait for an output, by call id, the latest last. */
  readonly #waiting = new Map<string, AssistantTurn[]>();
  /** The turn that an item without a turn of its own joins. */
  #open: AssistantTurn | undefined;

  constructor(quirks: ChatQuirks, server: string | undefined) {
    this.#quirks = quirks;
    this.#server = server;
  }

  add(message: ChatMessage): void {
    this.#open = undefined;
    this.#entries.push(message);
  }

  addItem({ item, turn, note }: InTurn<ModelItem>): void {
    const { message, call } = fromNote(note, this.#server);
    if (message) this.#turn(turn).attach(message);
    if (isReasoning(item)) this.#turn(turn).addReasoning(item);
    else if (isFunctionCall(item)) this.#addCall(this.#turn(turn), item, call);
    else if (isFunctionCallOutput(item)) this.#addOutput(item.call_id ?? "", item.output);
    else if (isMessage(item)) this.#addMessage(item, turn);
    else assertNever(item);
  }

  messages(): ChatMessage[] {
    const messages: ChatMessage[] = [];
    const ids = this.#quirks.callIds === "nine-characters" ? new NineCharacterIds() : asGiven;
    for (const entry of this.#entries) {
      if (entry instanceof AssistantTurn) entry.writeTo(messages, this.#quirks, ids);
      else if (entry.tool_call_id === undefined) messages.push(entry);
      else messages.push({ ...entry, tool_call_id: ids.ofLoneOutput(entry.tool_call_id) });
    }
    return messages;
  }

  #addCall(
    turn: AssistantTurn,
    item: Extract<ModelItem, { type: "function_call" }>,
    attached: Members | undefined,
  ): void {
    turn.addCall(item, attached);
    const waiting = this.#waiting.get(item.call_id);
    if (waiting) waiting.push(turn);
    else this.#waiting.set(item.call_id, [turn]);
  }

  #addMessage(item: MessageItem, turn: number | undefined): void {
    if (item.role === "assistant") {
      this.#turn(turn).addText(assistantText(item.content));
      return;
    }
    const role = item.role === "developer" && this.#quirks.developerRole === "system" ? "system" : item.role;
    const given = item.content as string | readonly InputPart[];
    const content = typeof given === "string" ? given : toChatContent(given, this.#quirks);
    // Empty instructions are left out, since some servers refuse an empty message.
    if (content === "" && role !== "user") return;
    this.add({ role, content });
  }

  #turn(number: number | undefined): AssistantTurn {
    const known = number === undefined ? this.#open : this.#turns.get(number);
    if (known) return known;
    // Two message items of one turn are one text that was interrupted. Two messages from a client are two texts.
    const turn = new AssistantTurn(number === undefined ? "\n\n" : "");
    this.#entries.push(turn);
    if (number !== undefined) this.#turns.set(number, turn);
    this.#open = number === undefined ? turn : undefined;
    return turn;
  }

  /** Adds an output to the latest turn that waits for it, since servers that number their calls reuse ids. */
  #addOutput(callId: string, output: Parameters<typeof toToolMessage>[1]): void {
    this.#open = undefined;
    if (this.#waiting.get(callId)?.pop()?.answer(callId, output)) return;
    const aside: ChatPart[] = [];
    this.add(toToolMessage(callId, output, this.#quirks, aside));
    if (aside.length > 0) this.add({ role: "user", content: aside });
  }
}

function isReasoning(item: Item): item is Extract<Item, { type: "reasoning" }> {
  return item.type === "reasoning";
}

/** The text of an assistant message. A refusal becomes text, since only some servers know the `refusal` field. */
function assistantText(content: MessageItem["content"]): string {
  if (typeof content === "string") return content;
  let text = "";
  for (const part of content) {
    if (part.type === "refusal") text += part.refusal;
    else if ("text" in part) text += part.text;
  }
  return text;
}
