import { describe, expect, it } from "vitest";
import { RemoteRefused } from "../../../plugins/remote-policy/index.ts";
import { dns } from "../../helpers/dns-answers.ts";
import { create, never, PUBLIC, refusalOf } from "../../helpers/remote-policy.ts";

describe("a URL", () => {
  it.each([
    "https://example.com",
    "https://example.com:8443/mcp?key=1#part",
    "https://EXAMPLE.com./mcp",
    "https://bücher.example/mcp",
    "https://my_host.example.com/",
    "https://localhost.example.com/",
    "https://internal.example.com/",
    "https://127.0.0.1.example.com/",
  ])("may be %s", (url) => {
    expect(() => create().check(url)).not.toThrow();
  });

  it.each([
    ["mcp", "not a valid absolute URL"],
    ["//example.com/mcp", "not a valid absolute URL"],
    ["https://", "not a valid absolute URL"],
    ["https://exa mple.com/", "not a valid absolute URL"],
    ["https://[fe80::1%25eth0]/", "not a valid absolute URL"],
    ["https://[fe80::1%eth0]/", "not a valid absolute URL"],
    ["https://256.1.1.1/", "not a valid absolute URL"],
    ["https://1.2.3.4.5/", "not a valid absolute URL"],
    ["http://example.com/", "its scheme must be https"],
    ["ftp://example.com/", "its scheme must be https"],
    ["file:///etc/passwd", "its scheme must be https"],
    ["data:text/plain,x", "its scheme must be https"],
    ["wss://example.com/", "its scheme must be https"],
    ["https://user:pass@example.com/", "a user name or a password"],
    ["https://user@example.com/", "a user name or a password"],
    ["https://:pass@example.com/", "a user name or a password"],
    ["https://example.com:22/", "port 22"],
    ["https://example.com:6667/", "port 6667"],
  ])("is refused: %s", (url, why) => {
    expect(() => create().check(url)).toThrow(why);
    expect(() => create().check(url)).toThrow(RemoteRefused);
  });

  it.each([
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "8.8.8.8",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "%31%32%37.0.0.1",
    "１２７.０.０.１",
    "127。0。0。1",
    "[::1]",
    "[::]",
    "[2606:4700:4700::1111]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
  ])("has no IP address for a host: %s", (host) => {
    expect(() => create().check(`https://${host}/`)).toThrow(
      "it has an IP address where a host name must be",
    );
  });

  it.each([
    "localhost",
    "LOCALHOST",
    "localhost.",
    "ｌocalhost",
    "app.localhost",
    "printer.local",
    "metadata.google.internal",
    "internal.",
    "nas.home.arpa",
    "home.arpa",
    "intranet",
    "com",
    "mcp.default.svc.cluster.local",
    "a..example.com",
    ".example.com",
    "example.com..",
    "a'b.example.com",
    `${"a".repeat(64)}.example.com`,
  ])("names a host that all the world knows, not %s", (host) => {
    expect(() => create().check(`https://${host}/`)).toThrow("it is not a public host name");
  });

  it("has a host name that fits in DNS", () => {
    expect(() => create().check(`https://${"a.".repeat(126)}com/`)).toThrow("its host name is too long");
  });

  it("that the policy refuses is never resolved", async () => {
    const { asked, resolve } = dns([PUBLIC]);
    const { fetch } = create({ resolve, connect: never, denyHosts: ["evil.example"] });
    for (const url of ["http://example.com", "https://localhost", "https://evil.example", "https://10.0.0.1"])
      await refusalOf(fetch(url));
    expect(asked).toEqual([]);
  });
});
