import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { RemoteUnreachable } from "../../../plugins/remote-policy/index.ts";
import { dns } from "../../helpers/dns-answers.ts";
import {
  create,
  failureOf,
  mute,
  network,
  never,
  PUBLIC,
  serveTls,
  URL_OF_HOST,
} from "../../helpers/remote-policy.ts";

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
