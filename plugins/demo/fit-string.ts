import type { JsonSchema } from "../../core/index.ts";
import type { PatternSearch } from "./pattern-search.ts";
import type { Room } from "./room.ts";

/** Limits for all schemas of one request together. */
export interface Bounds {
  readonly patterns: PatternSearch;
  readonly room: Room;
}

const FORMATS: Record<string, string> = {
  date: "2026-01-01",
  "date-time": "2026-01-01T12:00:00Z",
  time: "12:00:00Z",
  duration: "PT1H",
  email: "demo@example.com",
  hostname: "example.com",
  uri: "https://example.com/",
  url: "https://example.com/",
  uuid: "00000000-0000-4000-8000-000000000000",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
};
const SAMPLES = [
  "demo",
  "Demo",
  "DEMO",
  "DE",
  "D",
  "1",
  "12",
  "123",
  "2026",
  ...Object.values(FORMATS),
  "12:00",
  "1.0.0",
  "#000000",
  "+15550100",
  "/demo",
  "a1",
];

/** `wanted` if format, lengths and pattern allow it, or another text that they allow. */
export function fitString(schema: JsonSchema, wanted: unknown, { patterns, room }: Bounds): string {
  const format = FORMATS[String(schema.format)];
  const text = format ?? (typeof wanted === "string" ? wanted : "demo");
  const padded = text
    .padEnd(Math.min(Number(schema.minLength ?? 0), room.left), ".")
    .slice(0, Number(schema.maxLength ?? Infinity));
  room.take(padded.length);
  if (typeof schema.pattern !== "string") return padded;
  return patterns.find(schema.pattern, [padded, ...SAMPLES]) ?? padded;
}
