import { describe, expect, it } from "vitest";
import { cutCredentials } from "../core/secrets.ts";

describe("credentials are cut out of a text", () => {
  it.each([
    ["https://me:pass@host/v1 failed", "https://[redacted]@host/v1 failed"],
    ["redis://:pass@host:6379", "redis://[redacted]@host:6379"],
    ["https://token@host", "https://[redacted]@host"],
    ["https://me:p'a@ss@host", "https://[redacted]@host"],
    ["a://b:c@d and e://f:g@h", "a://[redacted]@d and e://[redacted]@h"],
    ["https://host/v1?key=abc&alt=sse", "https://host/v1?key=[redacted]&alt=sse"],
    ["https://host/?a=1&X-Amz-Signature=abc", "https://host/?a=1&X-Amz-Signature=[redacted]"],
    ['"https://host/?access_token=abc"', '"https://host/?access_token=[redacted]"'],
    ["Authorization: bearer abc", "Authorization: Bearer [redacted]"],
  ])("%s", (text, clean) => {
    expect(cutCredentials(text)).toBe(clean);
  });

  it.each([
    "https://registry.example/pkg@2.0.0",
    "https://host/v1, or write to me@host",
    "write https://user:password@host",
    "://@",
    "max_tokens=5&temperature=1",
  ])("and nothing else: %s", (text) => {
    expect(cutCredentials(text)).toBe(text);
  });
});
