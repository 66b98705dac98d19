import { isObject } from "./protocol/problem.ts";

/**
 * Whether two zod schemas accept the same: both are the same object, or they are written alike. Functions are alike if
 * their text is; those that make error messages must also make the same message.
 */
export function isSameSchema(a: unknown, b: unknown): boolean {
  return isAlike(a, b, new Map());
}

/** `compared`: schemas may hold themselves, so a pair that is under comparison counts as alike. */
type Compared = Map<unknown, Set<unknown>>;

function isAlike(a: unknown, b: unknown, compared: Compared): boolean {
  if (Object.is(a, b) || compared.get(a)?.has(b)) return true;
  if (typeof a === "function" && typeof b === "function") return String(a) === String(b);
  if (a instanceof RegExp && b instanceof RegExp) return String(a) === String(b);
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime());
  if (isCollection(a) && isCollection(b)) return isAlike([...a], [...b], compared);
  if (!isObjectOrList(a) || !isObjectOrList(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  compared.set(a, (compared.get(a) ?? new Set()).add(b));
  const [left, right] = [definitionOf(a), definitionOf(b)];
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) =>
    key === "error"
      ? messageOf(left[key]) === messageOf(right[key])
      : isAlike(left[key], right[key], compared),
  );
}

function isCollection(value: unknown): value is Set<unknown> | Map<unknown, unknown> {
  return value instanceof Set || value instanceof Map;
}

function isObjectOrList(value: unknown): value is Record<string, unknown> {
  return isObject(value) || Array.isArray(value);
}

/** What a schema or a check was made of, and other objects as they are. A schema is known by its form, not its class: plugins bring zods of their own. */
function definitionOf(value: Record<string, unknown>): Record<string, unknown> {
  const { _zod: internals } = value as { _zod?: { def?: Record<string, unknown> } };
  return internals?.def ?? value;
}

/** zod makes a function of a message that is a text. */
function messageOf(error: unknown): string | undefined {
  if (typeof error !== "function") return error === undefined ? undefined : String(error);
  try {
    return `${error}${JSON.stringify(error({ code: "custom", input: "" }))}`;
  } catch {
    return String(error);
  }
}
