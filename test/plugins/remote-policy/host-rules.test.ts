import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../core/index.ts";
import {
  createRemoteFetch,
  type RemotePolicyOptions,
  RemoteRefused,
} from "../../../plugins/remote-policy/index.ts";
import { create } from "../../helpers/remote-policy.ts";

describe("the lists of hosts", () => {
  const passes = (options: Partial<RemotePolicyOptions>, host: string) => {
    try {
      create(options).check(`https://${host}/`);
      return "allowed";
    } catch (error) {
      expect(error).toBeInstanceOf(RemoteRefused);
      return (error as Error).message.replace(/^.*: /, "");
    }
  };

  it.each([
    [["example.com"], "example.com", "allowed"],
    [["example.com"], "EXAMPLE.com.", "allowed"],
    [["Example.COM."], "example.com", "allowed"],
    [["bücher.example"], "xn--bcher-kva.example", "allowed"],
    [["xn--bcher-kva.example"], "BÜCHER.example", "allowed"],
    [["*.example.com"], "a.example.com", "allowed"],
    [["*.example.com"], "a.b.example.com", "allowed"],
    [["*.example.com"], "example.com", "it is not on the allow list."],
    [["*.example.com"], "badexample.com", "it is not on the allow list."],
    [["example.com"], "a.example.com", "it is not on the allow list."],
    [["example.com"], "example.com.evil.example", "it is not on the allow list."],
    [[], "example.com", "it is not on the allow list."],
    [["localhost"], "localhost", "it is not a public host name."],
  ])("allow %j: %s", (allowHosts, host, outcome) => {
    expect(passes({ allowHosts }, host)).toBe(outcome);
  });

  it.each([
    [["example.com"], "example.com.", "it is on the deny list."],
    [["example.com"], "a.example.com", "allowed"],
    [["*.example.com"], "a.example.com", "it is on the deny list."],
    [["*.BÜCHER.example"], "a.bücher.example", "it is on the deny list."],
  ])("deny %j: %s", (denyHosts, host, outcome) => {
    expect(passes({ denyHosts }, host)).toBe(outcome);
  });

  it("deny over allowing", () => {
    const lists = { allowHosts: ["*.example.com"], denyHosts: ["evil.example.com"] };
    expect(passes(lists, "good.example.com")).toBe("allowed");
    expect(passes(lists, "evil.example.com")).toBe("it is on the deny list.");
  });

  it("hold without checks, for addresses too", () => {
    const lists = { checks: false, allowHosts: ["127.0.0.1", "::1", "[::2]"], denyHosts: ["localhost"] };
    expect(passes(lists, "127.1")).toBe("allowed");
    expect(passes(lists, "[0::1]")).toBe("allowed");
    expect(passes(lists, "[::2]")).toBe("allowed");
    expect(passes(lists, "10.0.0.1")).toBe("it is not on the allow list.");
    expect(passes(lists, "localhost")).toBe("it is on the deny list.");
  });

  it.each([
    "",
    "*",
    "*.",
    "a.*.com",
    "https://example.com",
    "example.com:8443",
    "example.com/mcp",
    "u@example.com",
  ])("have no entry %j", (entry) => {
    expect(() => createRemoteFetch({ checks: true, denyHosts: [entry] })).toThrow(ConfigError);
    expect(() => createRemoteFetch({ checks: true, allowHosts: [entry] })).toThrow(
      `allowHosts: "${entry}" is neither a host nor "*." and a host`,
    );
  });
});
