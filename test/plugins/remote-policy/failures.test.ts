import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
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
