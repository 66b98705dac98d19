import type { ModelItem, wire } from "../../core/index.ts";
import type { Members } from "./attached.ts";
import type { CallIds } from "./call-ids.ts";
import type { ChatMessage, ChatPart, ChatToolCall } from "./chat-types.ts";
import type { ChatQuirks } from "./quirks.ts";
import { toChatContent } from "./to-parts.ts";

/** Replaces an empty output, since some servers refuse an empty message (GLM, MiniMax). */
const NO_OUTPUT = "(The tool gave no output.)";

type ToolOutput = wire.FunctionCallOutputItemParam["output"];

/**
 * What one model call said: text, reasoning and all its calls, however many items they are. Servers reject
 * parallel calls that are spread over several assistant messages, and results that do not follow at once.
 */
export class AssistantTurn {
  #text = "";
  #reasoning = "";
  #attached: Members | undefined;
  readonly #calls: ChatToolCall[] = [];
  readonly #outputs: (ToolOutput | undefined)[] = [];
  /** The positions of calls that wait for an output, by id. Some servers use the same ids again and again. */
  readonly #waiting = new Map<string, Set<number>>();
  /** Stands between the texts of two message items. */
  readonly #separator: string;

  constructor(separator: string) {
    this.#separator = separator;
  }

  /** What the server attached to the message. */
  attach(members: Members): void {
    this.#attached = { ...this.#attached, ...members };
  }

  addText(text: string): void {
    if (text === "") return;
    this.#text += this.#text === "" ? text : this.#separator + text;
  }

  addReasoning(item: wire.ReasoningItem): void {
    const parts = item.content?.length ? item.content : item.summary;
    for (const part of parts ?? []) this.#reasoning += this.#reasoning === "" ? part.text : `\n${part.text}`;
  }

  addCall(item: Extract<ModelItem, { type: "function_call" }>, attached?: Members): void {
    const toFunction = attached?.function as Members | undefined;
    this.#calls.push({
      ...attached,
      id: item.call_id,
      type: "function",
      function: { ...toFunction, name: item.name, arguments: item.arguments },
    });
    const at = this.#outputs.push(undefined) - 1;
    const waiting = this.#waiting.get(item.call_id);
    if (waiting) waiting.add(at);
    else this.#waiting.set(item.call_id, new Set([at]));
  }

  /** False if no call of this turn waits for an output under that id. */
  answer(callId: string, output: ToolOutput): boolean {
    const waiting = this.#waiting.get(callId);
    const [at] = waiting ?? [];
    if (at === undefined) return false;
    waiting?.delete(at);
    this.#outputs[at] = output;
    return true;
  }

  /** The assistant message, then the results in the order of the calls. */
  writeTo(messages: ChatMessage[], quirks: ChatQuirks, ids: CallIds): void {
    const hasCalls = this.#calls.length > 0;
    if (!hasCalls && this.#text === "" && !(quirks.sendReasoning === "always" && this.#reasoning)) return;
    const message: ChatMessage = {
      ...this.#attached,
      role: "assistant",
      content: this.#text === "" && hasCalls ? null : this.#text,
    };
    const sendsReasoning =
      quirks.sendReasoning === "always" || (quirks.sendReasoning === "tool-calls" && hasCalls);
    if (sendsReasoning && (this.#reasoning !== "" || quirks.emptyReasoning))
      message[quirks.reasoningField] = this.#reasoning;
    const calls = this.#calls.map((call) => ({ ...call, id: ids.ofCall(call.id) }));
    if (hasCalls) message.tool_calls = calls;
    messages.push(message);

    const images: ChatPart[] = [];
    calls.forEach((call, i) => {
      const output = this.#outputs[i];
      if (output !== undefined) messages.push(toToolMessage(call.id, output, quirks, images));
    });
    if (images.length > 0) messages.push({ role: "user", content: images });
  }
}

/** A result. Parts that a tool message cannot carry are added to `aside`, which follows as a user message. */
export function toToolMessage(
  callId: string,
  output: ToolOutput,
  quirks: ChatQuirks,
  aside: ChatPart[],
): ChatMessage {
  const content = typeof output === "string" ? output : toChatContent(output, quirks);
  if (typeof content === "string")
    return { role: "tool", tool_call_id: callId, content: content.trim() === "" ? NO_OUTPUT : content };
  if (quirks.toolImages === "tool-message") return { role: "tool", tool_call_id: callId, content };
  const texts: string[] = [];
  const others: ChatPart[] = [];
  for (const part of content) {
    if (part.type === "text") texts.push(part.text);
    else others.push(part);
  }
  aside.push({ type: "text", text: `Attached to the result of tool call ${callId}:` }, ...others);
  texts.push("(The attachments follow in the next message.)");
  return { role: "tool", tool_call_id: callId, content: texts.join("\n") };
}
