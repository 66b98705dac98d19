import { findExpression } from "./arithmetic.ts";
import type { Hints } from "./fit-schema.ts";
import { writePython } from "./write-python.ts";

const MOST_PLACES = 20;
/** Most characters of a prompt that are searched for the values of an enum, since there may be very many values. */
const MOST_SEARCHED = 1_000;
/** Takes a text with single spaces. */
const PLACES =
  /\b(?:[Ii]n|[Ff]or|[Aa]t|[Oo]f|[Tt]o) (\p{Lu}[\p{L}.'’-]*(?:(?:,? and |, ?| )\p{Lu}[\p{L}.'’-]*)*)/u;
export const PLACE_PROPERTY = /city|location|place|country|town|region|destination/i;

/** Places that a prompt names: `weather in Paris and New York` gives two. */
export function findPlaces(prompt: string): string[] {
  const list = PLACES.exec(prompt.replace(/\s+/g, " "))?.[1] ?? "";
  return list
    .split(/,|\band\b/)
    .map((place) => place.trim().replace(/(?<![.'])[.']+$/, ""))
    .filter(Boolean)
    .slice(0, MOST_PLACES);
}

/** What a prompt gives for the values of a tool's arguments. `place` is the one that this call is about. */
export function hintsOf(prompt: string, place: string | undefined, answer?: string): Hints {
  const numbers = (prompt.match(/-?\d+(?:\.\d+)?/g) ?? []).map(Number);
  const given = findJson(prompt);
  const lower = prompt.slice(0, MOST_SEARCHED).toLowerCase();
  return {
    string: (name) => stringFor(name, prompt, place, answer),
    number: () => numbers.shift(),
    given: (name) => (given && Object.hasOwn(given, name) ? given[name] : undefined),
    mentions: (value) => value !== "" && lower.includes(value.toLowerCase()),
  };
}

function stringFor(name: string, prompt: string, place: string | undefined, answer: string | undefined) {
  if (/^(code|script|python|source|program)$/i.test(name)) return writePython(prompt);
  if (PLACE_PROPERTY.test(name)) return place ?? "Paris";
  if (/expression|formula|calculation/i.test(name)) return findExpression(prompt) ?? prompt;
  if (/url|uri|link/i.test(name)) return /https?:\/\/[^\s)>"']+/.exec(prompt)?.[0] ?? "https://example.com/";
  if (/repo/i.test(name)) return /(?<![\w.-])[\w.-]+\/[\w.-]+/.exec(prompt)?.[0] ?? "owner/repo";
  if (/time_?zone|^tz$/i.test(name)) return /\b[A-Z][a-z]+\/[A-Z]\w+/.exec(prompt)?.[0] ?? "UTC";
  if (/lang/i.test(name)) return "en";
  if (answer && /answer|response|reply|result|summary|explanation|output|message|text/i.test(name))
    return answer;
  if (/query|search|keyword|topic|^q$/i.test(name)) return subjectOf(prompt);
  const quoted = /["“]([^"“”]+)["”]/.exec(prompt)?.[1];
  if (quoted) return quoted;
  return /question|text|prompt|message|input|content|body|note|description/i.test(name) ? prompt : undefined;
}

/** `Search the docs for streaming.` is about `streaming`. */
function subjectOf(prompt: string): string {
  const quoted = /["“]([^"“”]+)["”]/.exec(prompt)?.[1];
  const asked = /^(?:please )?(?:search|look|find|google)\b/i.test(prompt);
  const after = asked ? /\b(?:for|about|up) +(\S.*)/i.exec(prompt)?.[1] : undefined;
  return quoted ?? after?.replace(/(?<![?.!])[?.!]+$/, "") ?? prompt;
}

/** The first JSON object in a prompt: `call it with {"city": "Oslo"}`. */
function findJson(prompt: string): Record<string, unknown> | undefined {
  const text = prompt.slice(Math.max(0, prompt.indexOf("{")), prompt.lastIndexOf("}") + 1);
  if (!text) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
