import { JsonBudget } from "../protocol/json-scan.ts";
import { isObject } from "../protocol/problem.ts";

/**
 * Parses the arguments of a call, or says for the model what is wrong with them. Models write nothing or `null` if there
 * are no arguments, and some write the object's JSON as a JSON string.
 */
export function parseArguments(text: string): Record<string, unknown> | string {
  if (text.trim() === "") return {};
  if (!new JsonBudget().takes(text)) return "The arguments hold too many values.";
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `The arguments are not valid JSON: ${(error as Error).message}`;
  }
  if (value === null) return {};
  if (typeof value === "string" && /^\s*(?:\{|null\s*$|$)/.test(value)) return parseArguments(value);
  if (!isObject(value)) return "The arguments are not a JSON object.";
  // Parsing takes the last of equal keys, where a client has been shown the first.
  if (memberCount(text) > Object.keys(value).length) return "The arguments have a key twice.";
  return value as Record<string, unknown>;
}

const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/** The members of the object that a valid JSON text is, equal keys counted each. */
function memberCount(json: string): number {
  let count = 0;
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const char = json.charCodeAt(at);
    if (char === QUOTE) at = endOfString(json, at);
    else if (char === COLON) count += depth === 1 ? 1 : 0;
    // { and [, } and ]
    else if ((char | 0x20) === 0x7b) depth++;
    else if ((char | 0x20) === 0x7d) depth--;
  }
  return count;
}

/** Where the string that opens at `start` is closed. */
function endOfString(json: string, start: number): number {
  let end = start;
  let isEscaped = true;
  while (isEscaped) {
    end = json.indexOf('"', end + 1);
    let before = end - 1;
    while (json.charCodeAt(before) === BACKSLASH) before--;
    isEscaped = (end - before) % 2 === 0;
  }
  return end;
}
