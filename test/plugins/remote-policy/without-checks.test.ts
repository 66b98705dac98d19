import { describe, expect, it } from "vitest";
import { connectTo, type Target } from "../../../plugins/remote-policy/open-connection.ts";
import { systemResolver } from "../../../plugins/remote-policy/resolve.ts";
import { dns } from "../../helpers/dns-answers.ts";
import { create, failureOf, network, serve, serveTls } from "../../helpers/remote-policy.ts";

describe("without checks", () => {
  it("http and loopback are allowed", async () => {
    const port = await serve((_, response) => response.end("hello"));
    const { fetch, check } = create({ ...dns(["127.0.0.1"]), checks: false });
    for (const host of ["127.0.0.1", "localhost"]) {
      check(`http://${host}:${port}/`);
      expect(await (await fetch(`http://${host}:${port}/`)).text()).toBe("hello");
    }
  });

  it("hosts are resolved as the system does", async () => {
    const port = await serve((_, response) => response.end("hello"));
    const known = await systemResolver("localhost", new AbortController().signal).catch(() => []);
    const targets: Target[] = [];
    const connect = (target: Target) => {
      targets.push(target);
      return connectTo({ ...target, addresses: ["127.0.0.1"] });
    };
    await create({ checks: false, connect })
      .fetch(`http://localhost:${port}/`)
      .catch(() => {}); // where the system does not know the name
    expect(targets.flatMap(({ addresses }) => addresses)).toEqual(known);
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
