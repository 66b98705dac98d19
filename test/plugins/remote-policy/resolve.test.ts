import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { publicResolver, systemResolver } from "../../../plugins/remote-policy/resolve.ts";

const A = 1;
const AAAA = 28;
const SERVER_FAILURE = 2;
const NO_SUCH_NAME = 3;

const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** What a name server says to each type of question: addresses as bytes, an error's number, or nothing at all. */
type Answers = Record<number, readonly (readonly number[])[] | number | undefined>;

/** A name server on loopback, RFC 1035. */
async function nameServer(answers: Answers) {
  const socket = createSocket("udp4");
  const asked = Promise.withResolvers<void>();
  socket.on("message", (query, { port, address }) => {
    asked.resolve();
    const questionEnd = query.indexOf(0, 12) + 5;
    const type = query.readUInt16BE(questionEnd - 4);
    const answer = answers[type];
    if (answer === undefined) return;
    const records = typeof answer === "number" ? [] : answer;
    const header = Buffer.from(query.subarray(0, 12));
    header.writeUInt16BE(0x8180 | (typeof answer === "number" ? answer : 0), 2);
    header.writeUInt16BE(records.length, 6);
    header.writeUInt32BE(0, 8);
    const encoded = records.map((bytes) => {
      const record = Buffer.alloc(12); // the question's name again, type, class IN, no time to live, length
      record.writeUInt16BE(0xc00c, 0);
      record.writeUInt16BE(type, 2);
      record.writeUInt16BE(1, 4);
      record.writeUInt16BE(bytes.length, 10);
      return Buffer.concat([record, Buffer.from(bytes)]);
    });
    socket.send(Buffer.concat([header, query.subarray(12, questionEnd), ...encoded]), port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  ends.push(async () => {
    socket.close();
    await once(socket, "close");
  });
  return { servers: [`127.0.0.1:${socket.address().port}`], asked: asked.promise };
}

const open = () => new AbortController().signal;
const V6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];

describe("the resolver of public names", () => {
  it("gives the addresses of both families", async () => {
    const { servers } = await nameServer({
      [A]: [
        [192, 0, 2, 1],
        [192, 0, 2, 2],
      ],
      [AAAA]: [V6],
    });
    const addresses = await publicResolver(5_000, servers)("mcp.example.com", open());
    expect(addresses).toEqual(["192.0.2.1", "192.0.2.2", "2001:db8::7"]);
  });

  it("gives those of one family when the other has none, or none in time", async () => {
    const { servers } = await nameServer({ [A]: [], [AAAA]: [V6] });
    expect(await publicResolver(5_000, servers)("mcp.example.com", open())).toEqual(["2001:db8::7"]);
    const half = await nameServer({ [A]: [[192, 0, 2, 1]], [AAAA]: undefined });
    expect(await publicResolver(200, half.servers)("mcp.example.com", open())).toEqual(["192.0.2.1"]);
  });

  it.each([
    [NO_SUCH_NAME, "ENOTFOUND"],
    [SERVER_FAILURE, "ESERVFAIL"],
  ])("rejects with the code when there is none: %i is %s", async (number, code) => {
    const { servers } = await nameServer({ [A]: number, [AAAA]: number });
    await expect(publicResolver(5_000, servers)("mcp.example.com", open())).rejects.toMatchObject({ code });
  });

  it("does not know the hosts file", async () => {
    const { servers } = await nameServer({ [A]: [[192, 0, 2, 1]], [AAAA]: [] });
    expect(await publicResolver(5_000, servers)("localhost", open())).toEqual(["192.0.2.1"]);
  });

  it("stops asking when nobody waits", async () => {
    const { servers, asked } = await nameServer({});
    const control = new AbortController();
    const answer = publicResolver(600_000, servers)("mcp.example.com", control.signal);
    const stopped = expect(answer).rejects.toMatchObject({ code: "ECANCELLED" });
    await asked;
    control.abort();
    await stopped;
  });
});

/** What a promise comes to, and of an error its code. */
const outcomeOf = <T>(promise: Promise<T>) =>
  promise.catch((error: unknown) => (error as NodeJS.ErrnoException).code);

it("the system's resolver gives what the system says, whatever that is", async () => {
  const said = await outcomeOf(lookup("localhost", { all: true }));
  const addresses = Array.isArray(said) ? said.map(({ address }) => address) : said;
  expect(await outcomeOf(systemResolver("localhost", open()))).toEqual(addresses);
});
