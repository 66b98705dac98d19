import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { startInProcess } from "../helpers/in-process.ts";
import { says, scripted } from "../helpers/scripted.ts";

/** A connection, and all that has come over it when it ends. */
function dial(url: string): { socket: Socket; ended: Promise<string> } {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  let text = "";
  socket.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  socket.on("error", () => {});
  return { socket, ended: new Promise((resolve) => socket.on("close", () => resolve(text))) };
}

const HEAD = "POST /v1/responses HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n";

describe("timeouts.requestMs", () => {
  const start = () => startInProcess({ plugins: [scripted(says("ok"))], connections: { requestMs: 200 } });

  it("closes a connection that sends nothing", async () => {
    const vr = await start();
    expect(await dial(vr.url).ended).toMatch(/^HTTP\/1\.1 408 /);
  });

  it.each([
    ["a head", "POST /v1/responses HTTP/1.1\r\nX-A: "],
    ["a body of known length", `${HEAD}Content-Length: 1000\r\n\r\n{"input":"`],
    ["a chunked body", `${HEAD}Transfer-Encoding: chunked\r\n\r\n3e8\r\n{"input":"`],
  ])("closes a connection over which %s comes byte by byte", async (_, begin) => {
    const vr = await start();
    const { socket, ended } = dial(vr.url);
    socket.write(begin);
    const timer = setInterval(() => socket.write("x"), 20);
    // It may be told 408, or nothing, as it goes on writing into what is closed.
    expect(await ended).toMatch(/^(HTTP\/1\.1 408 |$)/);
    clearInterval(timer);
  });

  it("leaves those alone whose answer takes longer", async () => {
    const answering = Promise.withResolvers<void>();
    const vr = await startInProcess({
      plugins: [scripted([answering.promise, ...says("late").flat()])],
      connections: { requestMs: 500 },
    });
    const slow = vr.stream();
    // By then the gateway has looked for late requests, and this connection was as old.
    await dial(vr.url).ended;
    answering.resolve();
    expect((await slow).response.status).toBe("completed");
  });
});

describe("limits.connections", () => {
  it("closes further connections unheard, tells the log once for all of them, and takes others later", async () => {
    const vr = await startInProcess({
      plugins: [scripted(says("ok"))],
      connections: { connections: 2 },
    });
    const first = [dial(vr.url), dial(vr.url)];
    await Promise.all(first.map(({ socket }) => once(socket, "connect")));
    const further = await Promise.all([1, 2, 3].map(() => dial(vr.url).ended));
    expect(further).toEqual(["", "", ""]);
    const told = vr.log.filter(({ message }) => message.includes("limits.connections"));
    expect(told).toMatchObject([{ level: "warn", fields: { dropped: 1, limit: 2 } }]);

    for (const { socket } of first) socket.destroy();
    const [status] = await untilTaken(() => vr.post());
    expect(status).toBe(200);
  });
});

/** The server hears a little later that connections are gone. */
async function untilTaken(ask: () => Promise<{ status: number }>): Promise<[number]> {
  for (;;) {
    try {
      return [(await ask()).status];
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }
}
