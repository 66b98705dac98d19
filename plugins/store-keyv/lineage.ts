/**
 * The responses that a response continues, oldest first. So that a write does not grow with the conversation, full
 * pages of ids are separate records, and the lineage only names the responses that wrote them.
 */
export interface Lineage {
  /** Ids of the responses that wrote a page, oldest first. */
  readonly pages: readonly string[];
  /** The ids after the last page. The last one is the parent. */
  readonly recent: readonly string[];
  /** Whether the parent was missing when this was written. The history then starts here. */
  readonly broken?: boolean;
}

/** Ids in a page. A lineage has at most 16 ids and one page per 16 turns: at most 29 names up to turn 200. */
export const PAGE_SIZE = 16;

const ROOT: Lineage = { pages: [], recent: [] };

export function parentOf(lineage: Lineage): string | undefined {
  return lineage.recent.at(-1);
}

/**
 * The lineage of `id`, and the page that must be written with it if one is full.
 * @param parent the lineage of `parentId`; `undefined` if it is gone
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
