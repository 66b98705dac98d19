/**
 * What a response continues, oldest first, without a write that grows with the conversation: full pages of
 * ids lie in records of their own and are only named here, by the response that wrote them.
 */
export interface Lineage {
  /** Ids of the responses that wrote a page, oldest first. */
  readonly pages: readonly string[];
  /** The ids after the last page; the parent is the last. */
  readonly recent: readonly string[];
  /** The parent was not there when this was written: no history leads further back. */
  readonly broken?: boolean;
}

/** Ids in a page. A turn names at most 16 ids and a page per 16 turns: never more than 29 up to turn 200. */
export const PAGE_SIZE = 16;

const ROOT: Lineage = { pages: [], recent: [] };

export function parentOf(lineage: Lineage): string | undefined {
  return lineage.recent.at(-1);
}

/**
 * The lineage of `id`, and the page that `id` has to write if one is full.
 * @param parent the lineage of `parentId`, `undefined` if it is gone
 */
export function continueLineage(
  id: string,
  parentId: string | undefined,
  parent: Lineage | undefined,
): { lineage: Lineage; page?: readonly string[] } {
  if (parentId === undefined) return { lineage: ROOT };
  if (!parent || parent.broken) return { lineage: { pages: [], recent: [parentId], broken: true } };
  const { pages, recent } = parent;
  if (recent.length < PAGE_SIZE) return { lineage: { pages, recent: [...recent, parentId] } };
  return { lineage: { pages: [...pages, id], recent: [parentId] }, page: recent };
}
