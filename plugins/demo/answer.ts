import type { ModelRequest } from "../../core/index.ts";
import { calculate } from "./arithmetic.ts";
import type { Conversation, ToolText } from "./conversation.ts";
import { fitSchema } from "./fit-schema.ts";
import type { Bounds } from "./fit-string.ts";
import { findPlaces, hintsOf } from "./read-prompt.ts";

const SIGNED = "(demo model)";
const MAX_COUNT = 100_000;
/** Most characters that a question may ask for. */
const MAX_SUBJECT = 100;

/** The text of an answer, in the format that the request asks for. */
export function writeAnswer(request: ModelRequest, conversation: Conversation, bounds: Bounds): string {
  const answer = answerOf(conversation);
  const { format } = request;
  if (format?.type === "json_schema") {
    const hints = hintsOf(conversation.prompt, findPlaces(conversation.prompt)[0], answer);
    return JSON.stringify(fitSchema(format.schema, hints, bounds));
  }
  if (format?.type === "json_object") return JSON.stringify({ answer, model: "demo model" });
  return `${answer} ${SIGNED}`;
}

function answerOf({ prompt, earlier, results }: Conversation): string {
  if (results.length > 0) return results.map(reportResult).join(" ");
  return (
    recall(prompt, earlier) ??
    calculate(prompt) ??
    count(prompt) ??
    repeat(prompt) ??
    greet(prompt) ??
    explainItself(prompt, earlier)
  );
}

function reportResult({ name, text }: ToolText): string {
  if (text === "") return `The tool${name ? ` ${name}` : ""} ran and said nothing.`;
  if (/^(error|traceback|\w*exception)\b/i.test(text)) return `The tool failed: ${text}`;
  return text.includes("\n") ? `The result is:\n${text}\n` : `The result is ${text.replace(/[.]$/, "")}.`;
}

/** Answers questions about what was said: "what is my name", "what did I say first". */
function recall(prompt: string, earlier: readonly string[]): string | undefined {
  if (
    /\bwhat (did|have) I (say|said|ask|asked|tell|told|write|written)\b|\bmy (first|last|previous) (message|question)\b/i.test(
      prompt,
    )
  ) {
    const said = /\bfirst\b/i.test(prompt) ? earlier[0] : earlier.at(-1);
    return said === undefined ? "You said nothing before this." : `You said: “${said}”.`;
  }
  const asked = [...prompt.matchAll(/\bwhat(?:'s|’s| is| was) (my|the) ([\p{L}\p{N} -]+)/giu)].at(-1);
  const [question = "", whose = "", words = ""] = asked ?? [];
  if (!asked || !/^\s*\?*$/.test(prompt.slice(asked.index + question.length))) return undefined;
  const subject = words
    .trim()
    .replace(/ again$/i, "")
    .trim();
  if (subject === "" || subject.length > MAX_SUBJECT) return undefined;
  const fact = new RegExp(`\\b(?:my|the) ${subject} (?:is|was) ([^.,;!?\\n]+)`, "iu");
  for (const said of earlier.toReversed()) {
    const value = fact.exec(said)?.[1]?.trim();
    if (value)
      return `Your ${subject} is ${value}.`.replace(/^Your/, whose.toLowerCase() === "my" ? "Your" : "The");
  }
  return whose.toLowerCase() === "my" ? `You have not told me your ${subject}.` : undefined;
}

/** "Count to 100": a long answer on demand. */
function count(prompt: string): string | undefined {
  const to = /\bcount (?:up )?(?:from 1 )?to (\d+)/i.exec(prompt)?.[1];
  if (!to) return undefined;
  return Array.from({ length: Math.min(Number(to), MAX_COUNT) }, (_, index) => index + 1).join(" ");
}

/** "Say: …" */
function repeat(prompt: string): string | undefined {
  const said = /^(?:please )?(?:say|repeat|echo)(?: exactly| after me)?(?: ?:)?\s+(\S[\s\S]*)$/i.exec(
    prompt,
  )?.[1];
  return said?.replace(/^["“]/, "").replace(/["”]$/, "") || undefined;
}

function greet(prompt: string): string | undefined {
  const name = /\b[Mm]y name is (\p{L}[\p{L}'’-]*(?: \p{Lu}[\p{L}'’-]*)*)/u.exec(prompt)?.[1];
  return name && `Nice to meet you, ${name}.`;
}

function explainItself(prompt: string, earlier: readonly string[]): string {
  const place = earlier.length > 0 ? ` as message ${earlier.length + 1} of this conversation` : "";
  return (
    `You said${place}: “${prompt}”. I am the demo model built into vr: I answer by a few simple rules, calculate, ` +
    `call tools and remember what was said. For a real model, start vr with VR_UPSTREAM=http://….`
  );
}
