import type { z } from "zod";

/** What is wrong with a value of the client's, and where. Checkers return it: most values have none. */
export interface Problem {
  /** Below the value that was checked, as `param` shows it: `.content[1].image_url`, or "" for itself. */
  path: string;
  /** What was expected and what came: `expected a string, got 3`. Never a long or secret value. */
  text: string;
}

/** Longest piece of the client's own text that an error or a warning repeats, in characters. */
const LONGEST_QUOTE = 40;

/** The first thing that a schema finds wrong; `undefined` if all is well. */
export function problemIn(schema: z.ZodType, value: unknown): Problem | undefined {
  const result = schema.safeParse(value);
  return result.success ? undefined : toProblem(result.error, value);
}

/** The first mistake that a schema found in a value. What came under the keys in `secret` is not shown. */
export function toProblem(error: z.ZodError, value: unknown, secret: readonly string[] = []): Problem {
  const issue = error.issues[0] as z.core.$ZodIssue;
  const path = toPath(issue.path);
  if (issue.code === "unrecognized_keys") return { path, text: `unknown key ${quote(issue.keys[0] ?? "")}` };
  const expected = `expected ${expectation(issue)}`;
  if (secret.includes(String(issue.path[0]))) return { path, text: expected };
  const culprit = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)[key], value);
  return { path, text: `${expected}, got ${arrival(issue, culprit)}` };
}

/** A problem of a part, seen from the whole: `below("[3]", { path: ".type", … })` has the path `[3].type`. */
export function below(path: string, problem: Problem): Problem {
  return { path: path + problem.path, text: problem.text };
}

export function wrongType(path: string, expected: string, value: unknown): Problem {
  return { path, text: `expected ${expected}, got ${describe(value)}` };
}

export function notSupportedYet(path: string, what: string): Problem {
  return { path, text: `${what} is not supported yet` };
}

/** Whether a value of JSON is an object: no list, and not null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The client's own words in quotes, shortened, in printable ASCII: fit for a message and for a header. */
export function quote(text: string): string {
  const short = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}...` : text;
  return `"${short.replaceAll(/[^\x20-\x7e]|["\\]/g, "?")}"`;
}

/** `"a", "b", "c"` */
export function quotedList(values: Iterable<unknown>): string {
  return [...values].map((value) => JSON.stringify(value)).join(", ");
}

/** What kind of value came. The value itself only where it is a number or a boolean. */
export function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return "an object";
  return typeof value === "string" ? "a string" : String(value);
}

function toPath(keys: readonly PropertyKey[]): string {
  return keys.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return withArticle(issue.expected);
    case "invalid_value":
      return issue.values.length === 1 ? quotedList(issue.values) : `one of ${quotedList(issue.values)}`;
    case "too_small":
      if (issue.origin === "string" && issue.minimum === 1) return "a string that is not empty";
      return `${measured(issue.origin)}${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}${unit(issue.origin)}`;
    case "too_big":
      return `${measured(issue.origin)}${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}${unit(issue.origin)}`;
    case "invalid_format":
      return issue.pattern ? `a string that matches ${issue.pattern.replaceAll("/", "")}` : issue.format;
    case "invalid_union":
      return "options" in issue ? `one of ${quotedList(issue.options as unknown[])}` : ownWords(issue);
    default:
      return ownWords(issue);
  }
}

/** The message that a schema gives itself. Options show it as it is, so it may begin with "expected". */
function ownWords({ message }: z.core.$ZodIssue): string {
  return message.replace(/^expected /, "");
}

function withArticle(type: string): string {
  if (type === "int") return "an integer";
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}

function measured(origin: string): string {
  if (origin === "string") return "";
  return origin === "int" ? "an integer of " : `${withArticle(origin)} of `;
}

function unit(origin: string): string {
  if (origin === "string") return " characters";
  return origin === "array" ? " entries" : "";
}

/** Short names (an enum's value, a tool's name) are repeated, since seeing them is the help; no other text is. */
function arrival(issue: z.core.$ZodIssue, value: unknown): string {
  if (typeof value !== "string") return describe(value);
  if (["invalid_value", "invalid_format", "invalid_union"].includes(issue.code)) return quote(value);
  if (value === "") return "an empty one";
  return issue.code === "too_big" ? `${value.length}` : "a string";
}
