/** JSON text with its escapes decoded, and the original position of each character. */
export interface Unescaped {
  text: string;
  /** The position in the JSON text of a position in `text`. */
  rawOf(at: number): number;
}

const ESCAPE = /\\(?:u[0-9a-fA-F]{4}|[^u]|u(?![0-9a-fA-F]{0,3}$))/g;
const SHORT: Record<string, string> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" };

export function asItIs(text: string): Unescaped {
  return { text, rawOf: same };
}

function same(at: number): number {
  return at;
}

/** Decodes the escapes in a piece of JSON text, up to an escape that is not complete yet. */
export function unescapeJson(raw: string): Unescaped {
  if (!raw.includes("\\")) return asItIs(raw);
  let text = "";
  const raws: number[] = [];
  const take = (decoded: string, from: number, step: number) => {
    for (let at = 0; at < decoded.length; at++) raws.push(from + at * step);
    text += decoded;
  };
  let from = 0;
  for (const match of raw.matchAll(ESCAPE)) {
    take(raw.slice(from, match.index), from, 1);
    take(decode(match[0]), match.index, 0);
    from = match.index + match[0].length;
  }
  const open = raw.indexOf("\\", from);
  const end = open === -1 ? raw.length : open;
  take(raw.slice(from, end), from, 1);
  return { text, rawOf: (at) => raws[at] ?? end };
}

function decode(sequence: string): string {
  const kind = sequence[1] ?? "";
  if (kind === "u" && sequence.length === 6)
    return String.fromCharCode(Number.parseInt(sequence.slice(2), 16));
  return SHORT[kind] ?? kind;
}
