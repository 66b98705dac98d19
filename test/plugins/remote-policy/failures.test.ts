import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { Resolver } from "../../../plugins/remote-policy/index.ts";
import { RemoteUnreachable } from "../../../plugins/remote-policy/index.ts";
import { dns } from "../../helpers/dns-answers.ts";
import {
  create,
  deadPort,
  failureOf,
  mute,
  network,
  never,
  PUBLIC,
  serveTls,
  URL_OF_HOST,
} from "../../helpers/remote-policy.ts";

describe("a failure", () => {
  const INNER = /127\.0\.0\.1|10\.0\.0\.7|8\.8\.8\.8/;

  const failing = (code: string) => async () => {
    throw Object.assign(new Error(`queryA ${code} 10.0.0.7`), { code });
  };

  it("of DNS names the code", async () => {
    const failure = await failureOf(
      create({ resolve: failing("ESERVFAIL"), connect: never }).fetch(URL_OF_HOST),
    );
    expect(failure.message).toBe('The host "mcp.example.com" cannot be resolved (ESERVFAIL).');
    expect(inspect(failure, { depth: 9 })).not.toMatch(INNER);
  });

  it.each([
    ["DNS does not know", failing("ENOTFOUND")],
    ["has no addresses of either family", failing("ENODATA")],
    ["has an empty list of addresses", dns([]).resolve],
  ])("of a name that %s is told as that of a private address", async (_, resolve) => {
    const told = (answer: Resolver) =>
      create({ resolve: answer, connect: never })
        .fetch(URL_OF_HOST)
        .then(
          () => "fetched",
          (error: Error) => inspect({ ...error, name: error.name, message: error.message }),
        );
    expect(await told(resolve)).toBe(await told(dns(["10.0.0.7"]).resolve));
  });

  it("without checks names the host that DNS does not know", async () => {
    const { fetch } = create({ checks: false, resolve: failing("ENOTFOUND"), connect: never });
    const failure = await failureOf(fetch(URL_OF_HOST));
    expect(failure.message).toBe('The host "mcp.example.com" cannot be resolved (ENOTFOUND).');
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
    const { fetch } = create({ ...dns(["127.0.0.1", "::1"]), checks: false });
    const failure = await failureOf(fetch(`http://some.example:${await deadPort()}/`));
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
