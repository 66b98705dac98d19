import { z } from "zod";
import { NotFoundError } from "../errors.ts";
import { checkRequest } from "../protocol/check-request.ts";
import { quote } from "../protocol/problem.ts";

const query = z.object({
  limit: z.int().min(1).max(100).default(20),
  order: z.enum(["asc", "desc"]).default("desc"),
  after: z.string().optional(),
  before: z.string().optional(),
});

/** A page of a list. OpenAI API: cursor pages. */
export interface Page<T> {
  object: "list";
  data: T[];
  /** `null` for an empty page. */
  first_id: string | null;
  last_id: string | null;
  has_more: boolean;
}

/**
 * A page of objects that are given oldest first; newest first unless `order=asc`. `params`: the query of the request.
 * @throws InvalidRequestError for a bad query; NotFoundError when `after` or `before` is not one of the objects
 */
export function toPage<T extends { id: string }>(
  all: readonly T[],
  params: Readonly<Record<string, unknown>>,
): Page<T> {
  const { limit, order, after, before } = checkRequest(query, {
    ...params,
    limit: toNumber(params.limit),
  });
  let rest = order === "asc" ? all : all.toReversed();
  if (after) rest = rest.slice(indexOf(rest, after, "after") + 1);
  if (before) rest = rest.slice(0, indexOf(rest, before, "before"));
  const data = rest.slice(0, limit);
  return {
    object: "list",
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: rest.length > data.length,
  };
}

/** A query holds text only: what looks like a number is checked as one. */
function toNumber(value: unknown): unknown {
  return typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
}

function indexOf(objects: readonly { id: string }[], id: string, param: string): number {
  const index = objects.findIndex((object) => object.id === id);
  if (index < 0) throw new NotFoundError(`There is no ${quote(id)} in this list.`, { param });
  return index;
}
