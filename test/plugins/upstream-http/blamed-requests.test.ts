import { describe, expect, it } from "vitest";
import { json, wholeFixture } from "../../helpers/chat-server.ts";
import { llamaCpp } from "../../helpers/families/llama-cpp.ts";
import { ollama } from "../../helpers/families/ollama.ts";
import { startFamily } from "../../helpers/families/start.ts";

const image = {
  input: [{ role: "user", content: [{ type: "input_image", image_url: "data:image/png;base64,AA==" }] }],
};

describe("a request that a server blames with 5xx", () => {
  it.each([
    ["llama.cpp: an image", llamaCpp, "llama-cpp-error-image", image, /image input is not supported/],
    ["llama.cpp: arguments", llamaCpp, "llama-cpp-error-bad-arguments", {}, /tool call arguments/],
    ["Ollama: a schema", ollama, "ollama-error-bad-schema", {}, /invalid JSON schema/],
  ] as const)("%s: is a 400, and the server stays there for all", async (_, family, said, asked, message) => {
    const { vr, server } = await startFamily(family, { breakerFailures: 2, retries: 2 });
    server.reply(...Array.from({ length: 3 }, () => wholeFixture(said)), family.says({ text: "Hi." }));
    for (let i = 0; i < 3; i += 1) {
      const { status, error } = await vr.post(asked);
      expect([status, error.type, error.code]).toEqual([400, "invalid_request_error", null]);
      expect(error.message).toMatch(message);
    }
    expect((await vr.post()).status).toBe(200);
    expect(server.requests).toHaveLength(4);
  });

  it("is not sent again, whatever the status", async () => {
    const { vr, server } = await startFamily(llamaCpp, { retries: 2, retryDelayMs: 1 });
    server.reply(json({ error: { message: "Error: Jinja Exception: roles must alternate" } }, 503));
    expect([(await vr.post()).status, server.requests.length]).toEqual([400, 1]);
  });

  it("fails that request alone: what the server says of itself still opens the circuit", async () => {
    const { vr, server } = await startFamily(llamaCpp, { breakerFailures: 2 });
    server.reply(json({ error: { code: 500, message: "out of memory", type: "server_error" } }, 500));
    for (const status of [502, 502, 503]) expect((await vr.post()).status).toBe(status);
    expect(server.requests).toHaveLength(2);
  });
});
