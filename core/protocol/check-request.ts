import type { z } from "zod";
import { InvalidRequestError } from "../errors.ts";
import { type Problem, toProblem } from "./problem.ts";

interface CheckedPart {
  /** Where the value stands in the request: `container`. Empty for the body or the query itself. */
  path?: string;
  /** Keys whose values may be secret: errors name the key and do not show what came. */
  secret?: readonly string[];
}

/**
 * What a client sent, checked by a schema.
 * @throws InvalidRequestError that says what was expected and what came; `param` is the path of the first mistake
 */
export function checkRequest<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  { path = "", secret = [] }: CheckedPart = {},
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalidParameter(path, toProblem(result.error, value, secret));
}

/** The error for a parameter that is wrong, or for a part of it. */
export function invalidParameter(name: string, problem: Problem): InvalidRequestError {
  const param = (name + problem.path).replace(/^\./, "");
  if (param === "") return new InvalidRequestError(`Invalid request: ${problem.text}.`);
  return new InvalidRequestError(`Invalid "${param}": ${problem.text}.`, { param });
}
