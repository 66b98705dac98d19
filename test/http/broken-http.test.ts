import { once } from "node:events";
import { connect } from "node:net";
import { expect, it } from "vitest";
import type { EndContext } from "../../core/index.ts";
import { plugin } from "../helpers/both-ways.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { says, scripted } from "../helpers/scripted.ts";
import { expectValidError } from "../wire/wire.ts";

const CREATE = "POST /v1/responses HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

/** What comes back for these bytes, until the gateway closes the connection. */
async function talk(url: string, text: string) {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write(text);
  let said = "";
  socket.setEncoding("utf8").on("data", (part: string) => {
    said += part;
  });
  await once(socket, "close");
  const [head = "", body = ""] = said.split("\r\n\r\n");
  return {
    status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]),
    id: /\r\nx-request-id: (\S+)/i.exec(head)?.[1],
    connection: /\r\nconnection: (\S+)/i.exec(head)?.[1],
    body: JSON.parse(body) as unknown,
  };
}

function start(connections?: { requestMs: number }) {
  const ends: EndContext[] = [];
  const observing = plugin("observer", ({ hooks, log }) =>
    hooks.onComplete.tap((_, end) => {
      ends.push(end);
      log.info({}, "observed");
    }),
  );
  const options = connections ? { connections: { connections: 100, ...connections } } : {};
  return startInProcess({ plugins: [scripted(says("noon")), observing], ...options }).then((vr) => ({
    vr,
    ends,
  }));
}

it.each([
  ["no HTTP at all", "hello\r\n\r\n", 400],
  ["headers that never end", `GET / HTTP/1.1\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431],
  ["no Host", "GET /health HTTP/1.1\r\nConnection: close\r\n\r\n", 400],
  [
    "an expectation",
    "GET /health HTTP/1.1\r\nHost: localhost\r\nExpect: tea\r\nConnection: close\r\n\r\n",
    417,
  ],
])("%s is answered with an envelope and an id, which the log has too", async (_, text, status) => {
  const { vr, ends } = await start();
  const answer = await talk(vr.url, text);
  expect(answer.status).toBe(status);
  expectValidError(answer.body);
  expect(answer.id).toMatch(/^req_[0-9a-f]{48}$/);
  const lines = vr.log.filter(({ message }) => message === "a request was refused");
  expect(lines.map(({ fields }) => [fields.request, fields.status])).toEqual([[answer.id, status]]);
  expect(ends).toEqual([]);
});

it.each([
  ["whose body is no HTTP", `${CREATE}Transfer-Encoding: chunked\r\n\r\nno number\r\n`, 400, undefined],
  ["whose body does not come in time", `${CREATE}Content-Length: 100\r\n\r\n{`, 408, { requestMs: 100 }],
  [
    "without a Host",
    `${CREATE.replace("Host: localhost\r\n", "")}Connection: close\r\nContent-Length: 0\r\n\r\n`,
    400,
    undefined,
  ],
])("a create %s has its own id, and its observers are told once", async (_, text, status, limits) => {
  const { vr, ends } = await start(limits);
  const answer = await talk(vr.url, text);
  expect(answer.status).toBe(status);
  expect(answer.connection).toBe("close");
  expectValidError(answer.body);
  const lines = vr.log.filter((line) => line.message === "observed");
  expect(lines.map(({ fields }) => fields.response)).toEqual([answer.id]);
  expect(ends).toMatchObject([
    { id: answer.id, httpStatus: status, failure: { status }, request: undefined },
  ]);
});
