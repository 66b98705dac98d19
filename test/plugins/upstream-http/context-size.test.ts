/** What `GET /v1/models` tells of a model's context: what its server told, and one name for all servers. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openaiCompatible } from "../../../plugins/upstream-openai-compatible/index.ts";
import { type ChatServer, createChatServer, json } from "../../helpers/chat-server.ts";
import { startInProcess } from "../../helpers/in-process.ts";

let server: ChatServer;
beforeEach(async () => {
  server = await createChatServer();
});
afterEach(() => server.close());

async function listed(model: object, path = "/v1/models/m", options: object = {}): Promise<unknown> {
  server.replyModels(json({ object: "list", data: [{ id: "m", object: "model", ...model }] }));
  const vr = await startInProcess({
    plugins: [openaiCompatible({ name: "a", baseUrl: server.url })],
    ...options,
  });
  return (await fetch(vr.url + path)).json();
}

const plain = { id: "m", object: "model", created: 0, owned_by: "vr" };

describe("the size of a model's context", () => {
  it.each<[string, object, number, object]>([
    [
      "vLLM and SGLang",
      { max_model_len: 2048, root: "weights", parent: null, permission: [] },
      2048,
      { max_model_len: 2048 },
    ],
    [
      "llama.cpp, where the server's is smaller than the model's",
      { meta: { vocab_type: 2, n_ctx: 1024, n_ctx_train: 8192, n_params: 134515008 } },
      1024,
      { meta: { n_ctx: 1024, n_ctx_train: 8192 } },
    ],
    ["llama.cpp, older", { meta: { n_ctx_train: 8192 } }, 8192, { meta: { n_ctx_train: 8192 } }],
    [
      "OpenRouter",
      { context_length: 131072, top_provider: { context_length: 65536, is_moderated: false } },
      131072,
      { top_provider: { context_length: 65536 } },
    ],
    [
      "LM Studio, where the model is loaded with less than it can",
      { max_context_length: 32768, loaded_context_length: 4096, state: "loaded" },
      4096,
      { max_context_length: 32768, loaded_context_length: 4096 },
    ],
    ["Groq", { context_window: 8192, active: true }, 8192, { context_window: 8192 }],
    ["Mistral", { max_context_length: 32768 }, 32768, { max_context_length: 32768 }],
    ["TabbyAPI", { parameters: { max_seq_len: 4096 } }, 4096, { parameters: { max_seq_len: 4096 } }],
  ])("is kept as %s tells it", async (_, model, context_length, own) => {
    expect(await listed(model)).toEqual({ ...plain, context_length, ...own });
  });

  it.each([
    [{}],
    [{ max_model_len: null }],
    [{ max_model_len: "much" }],
    [{ context_length: -1 }],
    [{ context_length: 1.5 }],
    [{ meta: null }],
    [{ meta: [] }],
    [{ max_model_len: {} }],
  ])("is not made up: %o", async (model) => {
    expect(await listed(model)).toEqual(plain);
  });

  it("is in the list, and an alias has that of its model", async () => {
    const routes = [{ model: "fast", to: { upstream: "a", model: "m" } }];
    expect(await listed({ max_model_len: 2048 }, "/v1/models", { routes })).toMatchObject({
      data: [
        { id: "m", max_model_len: 2048, context_length: 2048 },
        { id: "fast", owned_by: "a", max_model_len: 2048, context_length: 2048 },
      ],
    });
  });
});
