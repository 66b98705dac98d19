import { describe, expect, it } from "vitest";
import { dns } from "../../helpers/dns-answers.ts";
import { create, network, PUBLIC, refusalOf, serveTls, URL_OF_HOST } from "../../helpers/remote-policy.ts";

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
