import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, askStreamed, post, textOf } from "../helpers/ask.ts";
import { type Gateway, startGateway } from "../helpers/gateway.ts";

describe("examples/custom-upstream", () => {
  let server: Server;
  let gateway: Gateway;
  let asked = "";
  let status = 200;
  beforeAll(async () => {
    server = createServer(async (req, res) => {
      asked = Buffer.concat(await req.toArray()).toString();
      res.statusCode = status;
      for (const text of ["It is ", "noon. ☀"]) res.write(text);
      res.end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const env = { PLAIN_TEXT_URL: `http://127.0.0.1:${port}/` };
    gateway = await startGateway({ config: "examples/custom-upstream/vr.config.ts", env });
  });
  afterAll(async () => {
    await gateway?.stop();
    server?.close();
  });

  it("sends the conversation and shows what comes back, streamed and not", async () => {
    const first = await ask(gateway, { instructions: "Be brief.", input: "What time is it?" });
    expect(textOf(first)).toBe("It is noon. ☀");
    expect(asked).toBe("system: Be brief.\nuser: What time is it?");
    const second = await askStreamed(gateway, { input: "And now?", previous_response_id: first.id });
    expect(textOf(second.response)).toBe("It is noon. ☀");
    expect(asked).toBe("user: What time is it?\nassistant: It is noon. ☀\nuser: And now?");
  });

  it("turns the server's failure into a 502", async () => {
    status = 500;
    expect((await post(gateway, { input: "What time is it?" })).status).toBe(502);
  });

  it("says so when the server cannot be reached", async () => {
    server.close();
    server.closeAllConnections();
    await once(server, "close");
    const answer = await post(gateway, { input: "What time is it?" });
    expect(answer.status).toBe(502);
    expect(await answer.json()).toMatchObject({ error: { message: "the model server cannot be reached" } });
  });
});
