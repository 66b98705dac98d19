import type { ResponseHead } from "../response/sink.ts";

/** Proxies refuse long header lines; the log has every warning in full. */
const MOST_CHARS = 1_000;

/** Headers that go with a response: its id for support questions, and its warnings. */
export function headersOf(head: ResponseHead): Record<string, string> {
  const headers: Record<string, string> = { "x-request-id": head.id };
  if (head.warnings.length > 0)
    headers["x-vr-warning"] = head.warnings
      .join("; ")
      .replace(/[^\x20-\x7e]/g, "?")
      .slice(0, MOST_CHARS);
  return headers;
}
