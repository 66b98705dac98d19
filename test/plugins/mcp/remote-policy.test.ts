import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { ConfigError } from "../../../core/index.ts";
import { isPublicAddress } from "../../../plugins/mcp/remote-policy/address-rules.ts";
import {
  createRemoteFetch,
  type RemoteFetch,
  type RemotePolicyOptions,
  RemoteRefused,
  RemoteUnreachable,
} from "../../../plugins/mcp/remote-policy/index.ts";
import { connectTo, type Target } from "../../../plugins/mcp/remote-policy/open-connection.ts";
import { dns } from "../../helpers/dns-answers.ts";
import { createTestAuthority } from "../../helpers/test-authority.ts";
import { createTlsServer, type TlsServer } from "../../helpers/tls-server.ts";

const PUBLIC = "8.8.8.8";
const PUBLIC_IPV6 = "2606:4700:4700::1111";
const URL_OF_HOST = "https://mcp.example.com/mcp";

const authority = createTestAuthority();
const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function create(options: Partial<RemotePolicyOptions> = {}): RemoteFetch {
  const remote = createRemoteFetch({ checks: true, ca: authority.ca, ...options });
  ends.push(remote.close);
  return remote;
}

async function serveTls(listener: RequestListener, ...names: string[]): Promise<TlsServer> {
  const server = await createTlsServer(
    authority.issue(...(names.length > 0 ? names : ["mcp.example.com"])),
    listener,
  );
  ends.push(server.close);
  return server;
}

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** A network whose one server accepts connections and never says a word. */
async function mute() {
  const accepted = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const server = createTcpServer((socket) => {
    accepted.resolve();
    socket.on("close", () => closed.resolve()).resume();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => new Promise((resolve) => server.close(() => resolve())));
  const { port } = server.address() as AddressInfo;
  const connect = (target: Target) => connectTo({ ...target, port, addresses: ["127.0.0.1"] });
  return { connect, accepted: accepted.promise, closed: closed.promise };
}

/** A network on which every public address is this server, and where connections went. */
function network(server: TlsServer) {
  const targets: Target[] = [];
  const connect = (target: Target) => {
    targets.push(target);
    return server.connect();
  };
  return { targets, connect };
}

const never = () => {
  throw new Error("nothing may be connected to");
};

const refusalOf = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RemoteRefused);
  return (error as RemoteRefused).message;
};

const failureOf = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(RemoteUnreachable);
  return error as RemoteUnreachable;
};

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

/** First and last of each class, and their neighbours outside. */
const REFUSED: [kind: string, ...addresses: string[]][] = [
  ["unspecified", "0.0.0.0", "::"],
  ["this network", "0.0.0.1", "0.255.255.255"],
  ["private", "10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255"],
  ["carrier-grade NAT", "100.64.0.0", "100.127.255.255"],
  ["loopback", "127.0.0.1", "127.255.255.255", "::1"],
  [
    "link-local",
    "169.254.0.0",
    "169.254.169.254",
    "169.254.255.255",
    "fe80::",
    "febf:ffff::1",
    "fe80::1%eth0",
  ],
  ["the host agent of a cloud", "168.63.129.16"],
  ["protocol assignments", "192.0.0.0", "192.0.0.255", "2001::", "2001:1ff:ffff::1"],
  [
    "documentation",
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.255",
    "2001:db8::1",
    "3fff::1",
    "3fff:fff:ffff::1",
  ],
  ["benchmarks", "198.18.0.0", "198.19.255.255", "2001:2::1"],
  ["multicast", "224.0.0.0", "239.255.255.255", "ff02::1", "ff0e::1"],
  ["reserved", "240.0.0.0", "255.255.255.254", "4000::1", "5f00::1"],
  ["broadcast", "255.255.255.255"],
  ["unique-local", "fc00::", "fd00:ec2::254", "fdff:ffff::1"],
  ["site-local", "fec0::1"],
  ["discard-only", "100::1"],
  ["IPv4-mapped", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:a00:1"],
  ["IPv4-compatible and translated", "::127.0.0.1", "::8.8.8.8", "::ffff:0:8.8.8.8"],
  ["NAT64 of what is refused", "64:ff9b::10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::"],
  ["NAT64 of a network's own", "64:ff9b:1::808:808", "64:ff9b:1:ffff::1", "64:ff9b:0:1::808:808"],
  ["6to4", "192.88.99.1", "2002:7f00:1::1", "2002:808:808::1"],
  ["Teredo", "2001:0:808:808::1", "2001:0:4136:e378:8000:63bf:80ff:fffe"],
  ["no address", "", "example.com", "1.2.3", "0x7f.1", "[::1]", "8.8.8.8 "],
];

describe("an address that DNS gives", () => {
  it.each(REFUSED)("is not public: %s", (_, ...addresses) => {
    expect(addresses.filter(isPublicAddress)).toEqual([]);
  });

  it.each([
    ["1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0"],
    ["168.63.129.15", "168.63.129.17", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0"],
    [
      "192.0.1.0",
      "192.0.3.0",
      "192.88.98.255",
      "192.167.255.255",
      "192.169.0.0",
      "198.17.255.255",
      "198.20.0.0",
    ],
    ["198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255", PUBLIC],
    [PUBLIC_IPV6, "2001:200::1", "2001:db7::1", "2001:db9::1", "2003::1", "3ffe::1", "3fff:1000::1"],
    ["64:ff9b::8.8.8.8", "64:ff9b::808:808"],
  ])("is public: %s …", (...addresses) => {
    expect(addresses.filter((address) => !isPublicAddress(address))).toEqual([]);
  });

  it.each([
    ["127.0.0.1"],
    ["10.0.0.7"],
    ["::1"],
    ["::ffff:10.0.0.7"],
    [PUBLIC, "10.0.0.7"],
    ["10.0.0.7", PUBLIC],
    [PUBLIC, PUBLIC_IPV6, "fd00::7"],
  ])("is refused with all that came with it, and not told: %s %s", async (...addresses) => {
    const { resolve } = dns(addresses.filter((address) => address !== undefined));
    const message = await refusalOf(create({ resolve, connect: never }).fetch(URL_OF_HOST));
    expect(message).toBe('The host "mcp.example.com" is refused: it leads to an address that is not public.');
  });
});

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

describe("a redirect", () => {
  it.each([301, 302, 303, 307, 308])("is not followed: %i", async (status) => {
    const asked: unknown[] = [];
    const server = await serveTls((request, response) => {
      asked.push(request.url);
      response.writeHead(status, { location: "https://10.0.0.1/secret-token" }).end("moved");
    });
    const { connect } = network(server);
    for (const redirect of ["follow", "manual", "error"] as const) {
      const { fetch } = create({ ...dns([PUBLIC]), connect });
      expect(await refusalOf(fetch(URL_OF_HOST, { method: "POST", body: "{}", redirect }))).toBe(
        `The host "mcp.example.com" answered ${status}, a redirect: redirects are not followed.`,
      );
    }
    expect(asked).toEqual(["/mcp", "/mcp", "/mcp"]);
  });

  it("is not followed without checks either", async () => {
    const port = await serve((_, response) => response.writeHead(302, { location: "/elsewhere" }).end());
    const message = await refusalOf(create({ checks: false }).fetch(`http://127.0.0.1:${port}/`));
    expect(message).toContain("answered 302");
  });
});

describe("without checks", () => {
  it("http and loopback are allowed", async () => {
    const port = await serve((_, response) => response.end("hello"));
    const { fetch, check } = create({ checks: false });
    for (const host of ["127.0.0.1", "localhost"]) {
      check(`http://${host}:${port}/`);
      expect(await (await fetch(`http://${host}:${port}/`)).text()).toBe("hello");
    }
  });

  it("private addresses are allowed, and certificates are verified all the same", async () => {
    const server = await serveTls((_, response) => response.end("hello"), "intranet");
    const { connect } = network(server);
    const { fetch } = create({ ...dns(["10.0.0.7"]), checks: false, connect });
    expect(await (await fetch("https://intranet/")).text()).toBe("hello");
    await failureOf(fetch("https://elsewhere/"));
  });

  it.each([
    ["ftp://example.com/", "its scheme must be https or http"],
    ["http://user:pass@localhost/", "a user name or a password"],
    ["http://localhost:25/", "port 25"],
  ])("this is refused still: %s", (url, why) => {
    expect(() => create({ checks: false }).check(url)).toThrow(why);
  });
});

describe("fetch", () => {
  it("passes a streamed answer as it comes", async () => {
    const release = Promise.withResolvers<void>();
    const server = await serveTls((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
      release.promise.then(() => response.end("data: 2\n\n"));
    });
    const { connect } = network(server);
    const response = await create({ ...dns([PUBLIC]), connect }).fetch(URL_OF_HOST);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect(await reader?.read()).toEqual({ done: false, value: "data: 1\n\n" });
    release.resolve();
    expect(await reader?.read()).toEqual({ done: false, value: "data: 2\n\n" });
    expect(await reader?.read()).toEqual({ done: true, value: undefined });
  });

  it.each([
    ["a string", () => "héllo"],
    ["bytes", () => new TextEncoder().encode("héllo")],
    ["a Blob", () => new Blob(["héllo"])],
    ["a stream", () => new Blob(["héllo"]).stream()],
  ])("sends %s", async (_, body) => {
    const server = await serveTls((request, response) => {
      request.pipe(response.setHeader("x-seen", `${request.method} ${request.headers["x-key"]}`));
    });
    const { connect } = network(server);
    const { fetch } = create({ ...dns([PUBLIC]), connect });
    const init = { method: "POST", body: body(), headers: { "x-key": "k" }, duplex: "half" };
    const response = await fetch(new URL(URL_OF_HOST), init as RequestInit);
    expect(response.headers.get("x-seen")).toBe("POST k");
    expect(await response.text()).toBe("héllo");
  });

  it("takes a Request, under the policy as well", async () => {
    const server = await serveTls((request, response) => {
      request.pipe(response.setHeader("x-seen", `${request.method} ${request.headers["x-key"]}`));
    });
    const { connect } = network(server);
    const { fetch } = create({ ...dns([PUBLIC]), connect });
    const init = { method: "PUT", body: "hello", headers: { "x-key": "k" } };
    const response = await fetch(new Request(URL_OF_HOST, init));
    expect(response.headers.get("x-seen")).toBe("PUT k");
    expect(await response.text()).toBe("hello");
    await refusalOf(fetch(new Request("http://mcp.example.com/", init)));
  });

  it("gives errors of the server as answers", async () => {
    const server = await serveTls((_, response) => response.writeHead(401).end("who are you"));
    const { connect } = network(server);
    const response = await create({ ...dns([PUBLIC]), connect }).fetch(URL_OF_HOST);
    expect([response.status, await response.text()]).toEqual([401, "who are you"]);
  });

  it("is aborted with the signal's reason: before, while connecting, while waiting, while reading", async () => {
    const arrived = Promise.withResolvers<void>();
    const server = await serveTls((request, response) => {
      if (request.url === "/silent") arrived.resolve();
      else response.writeHead(200).write("begun");
    });
    const { connect } = network(server);
    const resolving = Promise.withResolvers<void>();
    const slow = create({
      connect,
      resolve: () => {
        resolving.resolve();
        return new Promise(() => {});
      },
    });
    const { fetch } = create({ ...dns([PUBLIC]), connect });
    const reason = new Error("enough");

    await expect(fetch(URL_OF_HOST, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);

    const first = new AbortController();
    const connecting = slow.fetch(URL_OF_HOST, { signal: first.signal });
    await resolving.promise;
    first.abort(reason);
    await expect(connecting).rejects.toBe(reason);

    const second = new AbortController();
    const waiting = fetch("https://mcp.example.com/silent", { signal: second.signal });
    await arrived.promise;
    second.abort(reason);
    await expect(waiting).rejects.toBe(reason);

    const third = new AbortController();
    const reading = await fetch(URL_OF_HOST, { signal: third.signal });
    third.abort(reason);
    await expect(reading.text()).rejects.toBe(reason);
  });
});

describe("a failure", () => {
  const INNER = /127\.0\.0\.1|10\.0\.0\.7|8\.8\.8\.8/;

  it("of DNS names the code", async () => {
    const resolve = async () => {
      throw Object.assign(new Error("queryA ENOTFOUND 10.0.0.7"), { code: "ENOTFOUND" });
    };
    const failure = await failureOf(create({ resolve, connect: never }).fetch(URL_OF_HOST));
    expect(failure.message).toBe('The host "mcp.example.com" cannot be resolved (ENOTFOUND).');
    expect(inspect(failure, { depth: 9 })).not.toMatch(INNER);
  });

  it("is a host without addresses", async () => {
    const failure = await failureOf(create({ ...dns([]), connect: never }).fetch(URL_OF_HOST));
    expect(failure.message).toBe('The host "mcp.example.com" has no address.');
  });

  it("is DNS that does not answer in time; what it says then is not heard", async () => {
    const answer = Promise.withResolvers<string[]>();
    const signals: AbortSignal[] = [];
    const resolve = (_: string, signal: AbortSignal) => {
      signals.push(signal);
      return answer.promise;
    };
    const { fetch } = create({ resolve, connect: never, resolveTimeoutMs: 20 });
    const failure = await failureOf(fetch(URL_OF_HOST));
    expect(failure.message).toBe('The host "mcp.example.com" could not be resolved within 20 ms.');
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    answer.reject(new Error("too late"));
  });

  it("is a server that accepts and says nothing in TLS", async () => {
    const { connect, closed } = await mute();
    const { fetch } = create({ ...dns([PUBLIC]), connect, connectTimeoutMs: 50 });
    const failure = await failureOf(fetch(URL_OF_HOST));
    expect(failure.message).toBe('The host "mcp.example.com" could not be connected to within 50 ms.');
    await closed; // its connection is not left open
  });

  it("to connect names the code and no address", async () => {
    const port = await serve(() => {});
    await ends.pop()?.(); // nobody listens there any more
    const { fetch } = create({ ...dns(["127.0.0.1", "::1"]), checks: false });
    const failure = await failureOf(fetch(`http://some.example:${port}/`));
    expect(failure.message).toMatch(/^The host "some.example" cannot be connected to \(E[A-Z]+\)\.$/);
    expect(inspect(failure, { depth: 9 })).not.toMatch(INNER);
  });

  it("to answer names no address", async () => {
    const server = await serveTls((request) => request.socket.destroy());
    const { connect } = network(server);
    const failure = await failureOf(create({ ...dns([PUBLIC]), connect }).fetch(URL_OF_HOST));
    expect(failure.message).toMatch(/^The host "mcp.example.com" gave no answer \([A-Z_]+\)\.$/);
    expect(inspect(failure, { depth: 9 })).not.toMatch(INNER);
  });

  it("within an answer names no address", async () => {
    const server = await serveTls((_, response) => {
      response.writeHead(200, { "content-length": "100" }).write("begun", () => response.destroy());
    });
    const { connect } = network(server);
    const response = await create({ ...dns([PUBLIC]), connect }).fetch(URL_OF_HOST);
    const error = await response.text().catch((reason: unknown) => reason as Error);
    expect(error).toMatchObject({ cause: expect.any(RemoteUnreachable) });
    expect(inspect(error, { depth: 9 })).toMatch(/The host "mcp.example.com" broke off its answer/);
    expect(inspect(error, { depth: 9 })).not.toMatch(INNER);
  });

  it("is a server that does not answer in time, or falls silent", async () => {
    const server = await serveTls((request, response) => {
      if (request.url === "/begun") response.writeHead(200).write("begun");
    });
    const { connect } = network(server);
    const { fetch } = create({ ...dns([PUBLIC]), connect, answerTimeoutMs: 1, idleTimeoutMs: 1 });
    const failure = await failureOf(fetch("https://mcp.example.com/silent"));
    expect(failure.message).toBe('The host "mcp.example.com" did not answer in time.');
    const response = await create({ ...dns([PUBLIC]), connect, idleTimeoutMs: 1 }).fetch(
      "https://mcp.example.com/begun",
    );
    await expect(response.text()).rejects.toMatchObject({
      cause: { message: 'The host "mcp.example.com" fell silent in its answer.' },
    });
  });
});

describe("closing", () => {
  it("cuts off what runs and leaves no connection", async () => {
    const closed: Promise<unknown>[] = [];
    const server = await serveTls((request, response) => {
      closed.push(once(request.socket, "close"));
      response.writeHead(200).write("begun");
    });
    const { connect } = network(server);
    const { fetch, close } = create({ ...dns([PUBLIC]), connect });
    const response = await fetch(URL_OF_HOST);
    const cut = expect(response.text()).rejects.toMatchObject({ cause: expect.any(RemoteUnreachable) });
    await close();
    await cut;
    await Promise.all(closed);
    expect(closed).toHaveLength(1);
  });

  it("ends what is being resolved", async () => {
    const asked = Promise.withResolvers<AbortSignal>();
    const resolve = (_: string, signal: AbortSignal) => {
      asked.resolve(signal);
      return new Promise<string[]>(() => {});
    };
    const { fetch, close } = create({ resolve, connect: never });
    const failure = failureOf(fetch(URL_OF_HOST));
    const signal = await asked.promise;
    await close();
    expect(signal.aborted).toBe(true);
    await failure;
  });

  it("ends what is being connected", async () => {
    const { connect, accepted, closed } = await mute();
    const { fetch, close } = create({ ...dns([PUBLIC]), connect, connectTimeoutMs: 600_000 });
    const failure = failureOf(fetch(URL_OF_HOST));
    await accepted;
    await close();
    await Promise.all([failure, closed]);
  });

  it("is for good, and may come twice or before anything was fetched", async () => {
    const { asked, resolve } = dns([PUBLIC]);
    const { fetch, close } = create({ resolve, connect: never });
    await close();
    await close();
    expect((await failureOf(fetch(URL_OF_HOST))).message).toContain("cannot be connected to any more");
    expect(asked).toEqual([]);
  });
});
