import { z } from "zod";
import { InvalidRequestError, NotFoundError } from "../../core/index.ts";

const query = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  order: z.enum(["asc", "desc"]).default("desc"),
  after: z.string().optional(),
});

/**
 * A page of objects that are given oldest first; newest first unless `order=asc`. OpenAI API: cursor pages.
 * @throws InvalidRequestError for a bad query; NotFoundError when `after` is none of them
 */
export function toPage<T extends { id: string }>(all: readonly T[], params: unknown) {
  const parsed = query.safeParse(params);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new InvalidRequestError(issue?.message ?? "bad query", { param: String(issue?.path[0] ?? "") });
  }
  const { limit, order, after } = parsed.data;
  let rest = order === "asc" ? all : all.toReversed();
  if (after !== undefined) {
    const index = rest.findIndex(({ id }) => id === after);
    if (index < 0) throw new NotFoundError(`There is no "${after.slice(0, 100)}" here.`, { param: "after" });
    rest = rest.slice(index + 1);
  }
  const data = rest.slice(0, limit);
  return {
    object: "list",
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: rest.length > data.length,
  };
}
