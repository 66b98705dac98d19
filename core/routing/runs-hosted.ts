import type { Candidate } from "../upstream.ts";

/** Whether the upstream that is asked first runs hosted tools itself and reads their items. */
export function runsHosted(candidates: readonly Candidate[]): boolean {
  return candidates[0]?.upstream.native === true;
}
