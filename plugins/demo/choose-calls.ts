import type { ModelFunction, ModelRequest } from "../../core/index.ts";
import { findExpression, findFactorial } from "./arithmetic.ts";
import type { Conversation } from "./conversation.ts";
import { fitSchema } from "./fit-schema.ts";
import type { Bounds } from "./fit-string.ts";
import { findPlaces, hintsOf, PLACE_PROPERTY } from "./read-prompt.ts";

export interface Call {
  name: string;
  /** The arguments as JSON text. */
  arguments: string;
}

/** The calls that the demo model makes now. If there are none, it answers with text. */
export function chooseCalls(
  request: ModelRequest,
  { prompt, results }: Conversation,
  bounds: Bounds,
): Call[] {
  const { mode, names } = request.toolChoice;
  const offered = names ? request.tools.filter((tool) => names.includes(tool.name)) : request.tools;
  const first = offered[0];
  if (mode === "none" || !first) return [];
  if (mode === "auto" && results.length > 0) return [];
  const matching = matchingTools(offered, prompt);
  const chosen = matching.length === 0 && mode === "required" ? [first] : matching;
  const calls = chosen.flatMap((tool) => callsOf(tool, prompt, bounds));
  return request.parallelToolCalls === false ? calls.slice(0, 1) : calls;
}

/** Whether a tool runs code, judged by its name or a required argument `code`. */
export function runsCode({ name, parameters }: ModelFunction): boolean {
  const properties = parameters.properties as Record<string, { type?: unknown }> | undefined;
  const required = Array.isArray(parameters.required) && parameters.required.includes("code");
  return /code_?interpreter|python/i.test(name) || (required && properties?.code?.type === "string");
}

const CODE_WORK =
  /\b(calculate|compute|run|execute|evaluate|factorial|plot|chart|graph|histogram|python|code|script|fibonacci|square root|average|median)\b/i;

function matchingTools(offered: readonly ModelFunction[], prompt: string): ModelFunction[] {
  const named = offered.filter(({ name }) => mentions(prompt, name));
  const byName =
    named.some(({ name }) => /[_-]/.test(name)) || (named.length > 0 && /\b(use|call)\b/i.test(prompt));
  if (byName) return named;
  const words = wordsOf(prompt);
  const asksForCode =
    CODE_WORK.test(prompt) || findFactorial(prompt) !== undefined || findExpression(prompt) !== undefined;
  return offered.filter((tool) => (runsCode(tool) ? asksForCode : sharesWord(tool, words)));
}

/** Whether the prompt holds a tool's whole name: "use get_weather". */
function mentions(prompt: string, name: string): boolean {
  const literal = name.replace(/[^\w]/g, "\\$&");
  return new RegExp(`(?<![\\w-])${literal}(?![\\w-])`, "i").test(prompt);
}

/** Only the first sentence of a description says what the tool is for. */
function sharesWord({ name, description }: ModelFunction, words: Set<string>): boolean {
  const own = wordsOf(`${name} ${description?.split(/[.\n]/)[0] ?? ""}`);
  return [...words].some((word) => own.has(word));
}

const SAYING_NOTHING = new Set(
  `a about all an and any are as at be by call can current currently demo do does for from function get give
   given gives has have help how i in information into is it its list look make me model my name of on one
   or please return returns run say tell that the this to tool use used user using value was what when
   where which who why will with you your`.split(/\s+/),
);

function wordsOf(text: string): Set<string> {
  const spaced = text.replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2").toLowerCase();
  const words = (spaced.match(/\p{L}{3,}/gu) ?? []).filter((word) => !SAYING_NOTHING.has(word));
  return new Set(words.map((word) => (word.length > 3 ? word.replace(/s$/, "") : word)));
}

/** One call, or one for each place that the prompt names when the tool asks for a place. */
function callsOf(tool: ModelFunction, prompt: string, bounds: Bounds): Call[] {
  const asksForPlace = Object.keys((tool.parameters.properties as object | undefined) ?? {}).some((name) =>
    PLACE_PROPERTY.test(name),
  );
  const places = asksForPlace ? findPlaces(prompt) : [];
  const rounds = places.length > 0 ? places : [undefined];
  return rounds.map((place) => ({
    name: tool.name,
    arguments: JSON.stringify(
      fitSchema({ type: "object", ...tool.parameters }, hintsOf(prompt, place), bounds),
    ),
  }));
}
