import { describe, expect, it } from "vitest";
import { createRedact, secretsIn } from "../../../plugins/mcp/redact.ts";

const redactFor = (url: string) => createRedact(secretsIn(new URL(url)));

describe("what may be a token in a URL is cut out", () => {
  it.each([
    ["https://a.example/s3cr3t/mcp", 'no tenant "s3cr3t"', 'no tenant "[redacted]"'],
    ["https://a.example/s3cr3t/mcp", "Cannot POST /s3cr3t/mcp", "Cannot POST [redacted]"],
    ["https://a.example/s3cr3t/mcp", "see https://a.example/s3cr3t/", "see https://a.example/[redacted]/"],
    ["https://a.example/AbCdEf/mcp", "AbCdEf", "[redacted]"],
    ["https://a.example/averylongtokenofletters/mcp", "averylongtokenofletters", "[redacted]"],
    ["https://a.example/swordfish/mcp", "Cannot POST /swordfish/mcp", "Cannot POST [redacted]"],
    ["https://a.example/swordfish/mcp/", "Cannot POST /swordfish/mcp", "Cannot POST [redacted]"],
    ["https://a.example/pässw0rd/mcp", "p%C3%A4ssw0rd or pässw0rd", "[redacted] or [redacted]"],
    ["https://a.example/p%61ssw0rd/mcp", "Cannot POST /passw0rd/mcp", "Cannot POST [redacted]"],
    ["https://a.example/s3cr3t%/mcp", "Cannot POST /s3cr3t%/mcp", "Cannot POST [redacted]"],
    ["https://a.example/a/s3cr3t/b/mcp", "%2Fa%2Fs3cr3t%2Fb%2Fmcp", "[redacted]"],
    ["https://a.example/mcp?s3cr3t", "who is s3cr3t", "who is [redacted]"],
    ["https://a.example/mcp?key=s3cr3t", 'bad key "s3cr3t"', 'bad key "[redacted]"'],
    [
      "https://a.example/mcp?key=s3cr3t+too",
      "s3cr3t+too, s3cr3t%20too, s3cr3t too",
      "[redacted], [redacted], [redacted]",
    ],
  ])("of %s in: %s", (url, text, clean) => {
    expect(redactFor(url)(text)).toBe(clean);
  });
});

describe("words are left as they are", () => {
  it.each([
    ["https://a.example/github/mcp", "The limit of github is reached"],
    ["https://a.example/github-docs/mcp", "github-docs has no such page"],
    ["https://a.example/mcp", "Cannot POST /mcp"],
    ["https://a.example/v1/mcp", "v1 of mcp"],
    ["https://a.example/", "https://a.example/"],
  ])("of %s in: %s", (url, text) => {
    expect(redactFor(url)(text)).toBe(text);
  });
});

it("many are found in a long text", () => {
  const secrets = Array.from({ length: 900 }, (_, i) => `aaaaaaaaaa${i + 1000}`);
  const redact = createRedact(secrets);
  const text = `${"a".repeat(400_000)}1899 and ${secrets[7]}`;
  expect(redact(text)).toBe(`${"a".repeat(399_990)}[redacted] and [redacted]`);
});

it("the longest of several is cut out, whatever its characters mean elsewhere", () => {
  const redact = createRedact(["s3cr3t", "s3cr3t.too", "(s3cr3t|)*"]);
  expect(redact("s3cr3t.too, s3cr3t-too, (s3cr3t|)*")).toBe("[redacted], [redacted]-too, [redacted]");
});

it.each([
  ["a server with secrets", ["another"]],
  ["a server without", []],
])("credentials of other servers that %s tells are cut out too", (_, secrets) => {
  const said = "cannot reach https://me:s3cret@db.example with Bearer s3cret";
  expect(createRedact(secrets)(said)).toBe(
    "cannot reach https://[redacted]@db.example with Bearer [redacted]",
  );
});
