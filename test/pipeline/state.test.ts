import { describe, expect, it } from "vitest";
import { StoreError } from "../../core/index.ts";
import { storeKeyv } from "../../plugins/store-keyv/index.ts";
import { storeSqlite } from "../../plugins/store-sqlite/index.ts";
import { bothWays, plugin, wordsOf } from "../helpers/both-ways.ts";
import { call, finish, text, think, usage } from "../helpers/chunks.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { gate, says, scripted } from "../helpers/scripted.ts";
import { storeOf } from "../helpers/store-of.ts";

const down = () => {
  throw new StoreError("10.0.0.1 cannot be reached");
};
/** All that clients are told of it. */
const UNUSABLE = "The gateway's store cannot be used at the moment.";

const clock = plugin("clock", ({ tools }) =>
  tools.add({ name: "clock", parameters: {}, execute: () => ({ kind: "output", output: "12" }) }),
);

describe.each([
  ["SQLite", storeSqlite],
  ["Keyv", storeKeyv],
])("what is stored on %s", (_, store) => {
  it("is the response as the terminal event showed it, at that moment", async () => {
    const vr = await startInProcess({
      plugins: [scripted([think("hm"), ...call("clock", {}), finish("tool_calls")], says("noon")), clock],
      store: store(),
    });
    const stream = await vr.open({ metadata: { who: "me" } });
    const { response } = await stream.until("response.completed");
    expect((await vr.get(response.id)).response).toEqual(response);
  });

  it("is what was finished when the client left", async () => {
    const ended = gate<string>();
    const watch = plugin("watch", ({ hooks }) => hooks.onComplete.tap(({ id }) => ended.open(id)));
    const model = scripted([think("hm"), text("half a"), gate().promise]);
    const vr = await startInProcess({ plugins: [model, watch], store: store() });
    const stream = await vr.open();
    await stream.until("response.output_text.delta");
    stream.leave();
    expect((await vr.get(await ended.promise)).response).toMatchObject({
      status: "cancelled",
      completed_at: null,
      output: [{ type: "reasoning", status: "completed" }],
    });
  });

  it("is nothing when store is false", async () => {
    const vr = await startInProcess({ plugins: [scripted(says("noon"))], store: store() });
    const { response } = await vr.stream({ store: false });
    expect((await vr.get(response.id)).status).toBe(404);
  });

  it("is gone once it is deleted", async () => {
    const vr = await startInProcess({ plugins: [scripted(says("noon"))], store: store() });
    const { response } = await vr.post();
    expect(await vr.remove(response.id)).toBe(200);
    expect((await vr.get(response.id)).error).toMatchObject({
      code: "response_not_found",
      param: "response_id",
    });
    expect(await vr.remove(response.id)).toBe(404);
  });
});

describe("a store that fails at writing", () => {
  it("fails the response: 503 unstreamed, response.failed as the one end of a stream", async () => {
    const make = () => ({ plugins: [scripted(says("noon"))], store: storeOf({ putResponse: down }) });
    const plain = await (await startInProcess(make())).post();
    expect(plain.status).toBe(503);
    expect(plain.error).toMatchObject({ message: UNUSABLE, code: "store_unavailable", type: "server_error" });

    const { response, types } = await (await startInProcess(make())).stream();
    expect(types.filter((type) => /completed|failed/.test(type))).toEqual(["response.failed"]);
    expect(response).toMatchObject({ status: "failed", error: { code: "server_error", message: UNUSABLE } });
    expect(wordsOf(response.output)).toBe("noon");
  });

  it("hides an error that is not for clients", async () => {
    const store = storeOf({
      putResponse: async () => {
        throw new Error("password 1234 refused");
      },
    });
    const vr = await startInProcess({ plugins: [scripted(says("noon"), says("noon"))], store });
    const { response } = await vr.stream();
    expect(response.error?.message).not.toContain("1234");
    expect((await vr.post()).status).toBe(500);
  });

  it("does nothing to responses that are not to be stored", async () => {
    const vr = await startInProcess({
      plugins: [scripted(says("noon"))],
      store: storeOf({ putResponse: down }),
    });
    expect((await vr.stream({ store: false })).response.status).toBe("completed");
  });

  it("tells the observers that the response failed", async () => {
    const ended = gate<unknown>();
    const watch = plugin("watch", ({ hooks }) => hooks.onComplete.tap(({ status }) => ended.open(status)));
    const vr = await startInProcess({
      plugins: [scripted(says("noon")), watch],
      store: storeOf({ putResponse: down }),
    });
    await vr.stream();
    expect(await ended.promise).toBe("failed");
  });
});

describe("a store that fails at reading", () => {
  it.each([
    ["previous_response_id", { getHistory: down }, { previous_response_id: "resp_1" }],
    [
      "an item_reference",
      { getResponse: down },
      { input: [{ type: "item_reference", id: `msg_${"0".repeat(52)}` }] },
    ],
  ])("is a 503 for %s, never as if nothing were there", async (_, methods, body) => {
    const vr = await startInProcess({ plugins: [scripted()], store: storeOf(methods) });
    for (const ask of [vr.post, vr.stream]) {
      const { status, error } = await ask(body);
      expect(status).toBe(503);
      expect(error).toMatchObject({ message: UNUSABLE, code: "store_unavailable" });
    }
    expect(vr.log.filter(({ fields }) => String(fields.err).includes("10.0.0.1"))).toHaveLength(2);
  });

  it("is a 503 for GET and DELETE", async () => {
    const vr = await startInProcess({
      plugins: [scripted()],
      store: storeOf({ getResponse: down, deleteResponse: down }),
    });
    expect((await vr.get("resp_1")).status).toBe(503);
    expect(await vr.remove("resp_1")).toBe(503);
  });

  it("does nothing to requests that read nothing", async () => {
    const vr = await startInProcess({
      plugins: [scripted(says("noon"))],
      store: storeOf({ getHistory: down }),
    });
    expect((await vr.post()).status).toBe(200);
  });
});

describe("usage", () => {
  it("is null when the upstream gives none", async () => {
    const { response } = await bothWays(() => ({ plugins: [scripted(says("noon"))] }));
    expect(response.usage).toBeNull();
  });

  it("is kept when the response ends badly", async () => {
    const { response } = await bothWays(() => ({
      plugins: [scripted([text("half a"), usage(3, 4), finish("length")])],
    }));
    expect(response).toMatchObject({ status: "incomplete", usage: { total_tokens: 7 } });
  });
});

describe("warnings", () => {
  it("name ignored parameters in x-vr-warning, unstreamed and streamed, and in the log", async () => {
    const { headers, vr } = await bothWays(() => ({ plugins: [scripted(says("noon"))] }), { mood: "good" });
    expect(headers.get("x-vr-warning")).toBe('unknown parameter "mood" was ignored');
    const warned = vr.log.filter(({ level }) => level === "warn");
    expect(warned).toMatchObject([{ fields: { response: expect.stringMatching(/^resp_/) } }]);
  });

  it("may come from plugins, as long as headers have not left", async () => {
    const warner = plugin("warner", ({ hooks }) =>
      hooks.beforeUpstream.tap((_, turn) => turn.response.warn("this model is slow\r\nx-evil: 1")),
    );
    const { headers } = await bothWays(() => ({ plugins: [scripted(says("noon")), warner] }));
    expect(headers.get("x-vr-warning")).toBe("this model is slow??x-evil: 1");
    expect(headers.get("x-evil")).toBeNull();
  });

  it("are absent when there is nothing to say", async () => {
    const { headers } = await bothWays(() => ({ plugins: [scripted(says("noon"))] }));
    expect(headers.get("x-vr-warning")).toBeNull();
  });
});

describe("what the model is asked", () => {
  const asked = async (body: object) => {
    const model = scripted(says("noon"));
    const vr = await startInProcess({ plugins: [model] });
    const { response } = await vr.stream(body);
    return { request: model.requests[0], response };
  };

  it("is the upstream's model when the client names none", async () => {
    const { request, response } = await asked({});
    expect(request?.model).toBe("model-1");
    expect(response.model).toBe("model-1");
  });

  it("is told every parameter of the client's, and nothing that it left out", async () => {
    const { request } = await asked({
      model: "model-2",
      instructions: "Be brief.",
      temperature: 0.3,
      top_p: 0.4,
      max_output_tokens: 50,
      parallel_tool_calls: false,
      top_logprobs: 2,
      reasoning: { effort: "low" },
      user: "me",
      metadata: { a: "b" },
    });
    expect(request).toMatchObject({
      model: "model-2",
      instructions: "Be brief.",
      temperature: 0.3,
      topP: 0.4,
      maxOutputTokens: 50,
      parallelToolCalls: false,
      topLogprobs: 2,
      logprobs: true,
      reasoning: { effort: "low" },
      stream: true,
      passthrough: { user: "me", metadata: { a: "b" } },
    });
    const bare = (await asked({})).request;
    expect(JSON.parse(JSON.stringify(bare))).toEqual({
      model: "model-1",
      items: [{ item: { type: "message", role: "user", content: [{ type: "input_text", text: "hello" }] } }],
      tools: [],
      toolChoice: { mode: "auto" },
      logprobs: false,
      stream: true,
      passthrough: {},
    });
  });

  it("is asked for one whole body when the client does not stream", async () => {
    const model = scripted(says("noon"));
    const vr = await startInProcess({ plugins: [model] });
    await vr.post();
    expect(model.requests[0]?.stream).toBe(false);
  });

  it("has a JSON schema together with tools and reasoning", async () => {
    const format = {
      type: "json_schema",
      name: "time",
      schema: { type: "object", properties: { hour: { type: "integer" } }, required: ["hour"] },
      strict: true,
    };
    const weather = { type: "function", name: "weather", parameters: { type: "object" } };
    const { request, response } = await asked({
      text: { format, verbosity: "low" },
      tools: [weather],
      reasoning: { effort: "high" },
    });
    expect(request).toMatchObject({
      format,
      verbosity: "low",
      tools: [{ name: "weather" }],
      reasoning: { effort: "high" },
    });
    expect(response.text?.format).toMatchObject(format);
  });

  it("keeps the JSON schema in every turn of the loop", async () => {
    const format = { type: "json_schema", name: "time", schema: { type: "object" } };
    const model = scripted([...call("clock", {}), finish("tool_calls")], says('{"hour":12}'));
    const vr = await startInProcess({ plugins: [model, clock] });
    await vr.post({ text: { format } });
    expect(model.requests.map((request) => request.format)).toMatchObject([format, format]);
  });

  it("is the conversation that it was told, with reasoning sent back before the call that it led to", async () => {
    const model = scripted([think("hm"), ...call("clock", {}), finish("tool_calls")], says("noon"));
    const vr = await startInProcess({ plugins: [model, clock] });
    await vr.stream();
    expect(model.read(1)).toMatchObject([
      { role: "user" },
      { type: "reasoning", content: [{ type: "reasoning_text", text: "hm" }] },
      { type: "function_call", name: "clock" },
      { type: "function_call_output", output: "12" },
    ]);
  });
});

describe("one model answering many clients", () => {
  it("mixes up neither their conversations nor their events", async () => {
    const model = scripted(
      ...Array.from({ length: 20 }, () => (request: { items: readonly { item: unknown }[] }) => {
        const said = JSON.stringify(request.items.at(-1)).match(/client \d+/)?.[0] ?? "";
        return [text(`hello `), Promise.resolve(), text(said), finish()];
      }),
    );
    const vr = await startInProcess({ plugins: [model] });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 ? vr.stream : vr.post)({ input: `client ${n}` })),
    );
    expect(answers.map(({ response }) => wordsOf(response.output))).toEqual(
      Array.from({ length: 20 }, (_, n) => `hello client ${n}`),
    );
    expect(new Set(answers.map(({ response }) => response.id)).size).toBe(20);
  });
});

describe("a request that fails before anything was sent", () => {
  it("leaves one line in the log, with the id that the client was told", async () => {
    const vr = await startInProcess({
      plugins: [scripted(says("never"))],
      store: storeOf({ getHistory: down }),
    });
    const { status, headers } = await vr.post({ previous_response_id: "resp_1" });
    expect(status).toBe(503);
    const failures = vr.log.filter(({ level }) => level === "error");
    expect(failures.map(({ fields }) => [fields.response, fields.status, fields.code])).toEqual([
      [headers.get("x-request-id"), 503, "store_unavailable"],
    ]);
  });

  it("leaves a line when it was refused, with the reason", async () => {
    const vr = await startInProcess({ plugins: [scripted(says("never"))] });
    const { status } = await vr.post({ previous_response_id: "resp_gone" });
    expect(status).toBe(400);
    const refused = vr.log.filter(({ message }) => message === "a request was refused");
    expect(refused.map(({ fields }) => fields)).toEqual([
      {
        response: expect.stringMatching(/^resp_/),
        method: "POST",
        path: "/v1/responses",
        status: 400,
        code: "previous_response_not_found",
        param: "previous_response_id",
        message: 'Previous response with id "resp_gone" not found.',
      },
    ]);
  });
});
