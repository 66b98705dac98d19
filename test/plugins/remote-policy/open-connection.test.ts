import { describe, expect, it } from "vitest";
import { connectTo } from "../../../plugins/remote-policy/open-connection.ts";
import { dns } from "../../helpers/dns-answers.ts";
import {
  create,
  failureOf,
  network,
  PUBLIC,
  PUBLIC_IPV6,
  refusalOf,
  serve,
  serveTls,
  URL_OF_HOST,
} from "../../helpers/remote-policy.ts";
import { createTestAuthority } from "../../helpers/test-authority.ts";

describe("a connection", () => {
  it("goes to the addresses that were checked, with the host's name in TLS", async () => {
    const names: unknown[] = [];
    const server = await serveTls((request, response) => {
      names.push(request.headers.host, "servername" in request.socket && request.socket.servername);
      response.end("hello");
    });
    const { targets, connect } = network(server);
    const { resolve } = dns([PUBLIC, PUBLIC_IPV6]);
    const response = await create({ resolve, connect }).fetch("https://MCP.example.com:8443/mcp");
    expect(await response.text()).toBe("hello");
    expect(targets).toEqual([{ hostname: "mcp.example.com", port: 8443, addresses: [PUBLIC, PUBLIC_IPV6] }]);
    expect(names).toEqual(["mcp.example.com:8443", "mcp.example.com"]);
  });

  it("asks DNS once: an answer that changes behind the check changes nothing", async () => {
    const server = await serveTls((_, response) => response.end("hello"));
    const { targets, connect } = network(server);
    const { asked, resolve } = dns([PUBLIC], ["127.0.0.1"]);
    const { fetch } = create({ resolve, connect });
    expect(await (await fetch(URL_OF_HOST)).text()).toBe("hello");
    expect(asked).toEqual(["mcp.example.com"]);
    expect(targets.map(({ addresses }) => addresses)).toEqual([[PUBLIC]]);
  });

  it("that is new is checked anew", async () => {
    const server = await serveTls((_, response) => response.setHeader("connection", "close").end("hello"));
    const { targets, connect } = network(server);
    const { asked, resolve } = dns([PUBLIC], ["127.0.0.1"]);
    const { fetch } = create({ resolve, connect });
    await (await fetch(URL_OF_HOST)).text();
    await refusalOf(fetch(URL_OF_HOST));
    expect(asked).toHaveLength(2);
    expect(targets).toHaveLength(1);
  });

  it("serves the host that it was checked for again, and no other", async () => {
    const server = await serveTls(
      (request, response) => response.end(request.headers.host),
      "a.example.com",
      "b.example.com",
    );
    const { targets, connect } = network(server);
    const { resolve } = dns([PUBLIC]);
    const { fetch } = create({ resolve, connect });
    const ask = async (host: string) => (await fetch(`https://${host}/`)).text();
    for (let times = 0; times < 10; times += 1) expect(await ask("a.example.com")).toBe("a.example.com");
    // A connection is free a moment after the last byte of its answer, and so there may be two.
    expect(targets.length).toBeLessThan(10);
    expect(await ask("b.example.com")).toBe("b.example.com");
    expect(targets.map(({ hostname }) => hostname).at(-1)).toBe("b.example.com");
  });

  it("is to the same host with the root's dot", async () => {
    const server = await serveTls((_, response) => response.end("hello"));
    const { connect } = network(server);
    const { asked, resolve } = dns([PUBLIC]);
    const response = await create({ resolve, connect }).fetch("https://mcp.example.com./mcp");
    expect(await response.text()).toBe("hello");
    expect(asked).toEqual(["mcp.example.com"]);
  });

  it("is not led to another host by a `host` header", async () => {
    const server = await serveTls(
      (request, response) => response.end(request.headers.host),
      "mcp.example.com",
      "evil.example",
    );
    const { connect } = network(server);
    const { fetch } = create({ ...dns([PUBLIC]), connect, denyHosts: ["evil.example"] });
    const headers = [
      { Host: "evil.example" },
      [["hOST", "evil.example"]],
      new Headers({ host: "evil.example" }),
    ];
    for (const init of headers)
      expect(
        await (await fetch(URL_OF_HOST, { headers: init as NonNullable<RequestInit["headers"]> })).text(),
      ).toBe("mcp.example.com");
  });

  it("is refused when the certificate is another host's", async () => {
    const server = await serveTls((_, response) => response.end(), "other.example.com");
    const { connect } = network(server);
    const failure = await failureOf(create({ ...dns([PUBLIC]), connect }).fetch(URL_OF_HOST));
    expect(failure.message).toBe(
      'The host "mcp.example.com" cannot be connected to (ERR_TLS_CERT_ALTNAME_INVALID).',
    );
  });

  it("is refused when nobody vouches for the certificate", async () => {
    const server = await serveTls((_, response) => response.end());
    const { connect } = network(server);
    const { fetch } = create({ ...dns([PUBLIC]), connect, ca: createTestAuthority().ca });
    expect((await failureOf(fetch(URL_OF_HOST))).message).toMatch(/cannot be connected to \([A-Z_]+\)\.$/);
  });

  it("takes the address that answers", async () => {
    const port = await serve((_, response) => response.end("hello"));
    const { resolve } = dns(["127.0.0.1"]);
    const { fetch } = create({ checks: false, resolve, connect: connectTo });
    expect(await (await fetch(`http://some.example:${port}/`)).text()).toBe("hello");
  });
});
