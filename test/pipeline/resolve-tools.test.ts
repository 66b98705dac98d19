import { describe, expect, it } from "vitest";
import { InvalidRequestError, type OwnToolOptions, UpstreamError } from "../../core/index.ts";
import { plugin, wordsOf } from "../helpers/both-ways.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { mcp } from "../helpers/plugins/mcp.ts";
import { calls, says, scripted } from "../helpers/scripted.ts";

const weather = { type: "function", name: "weather", parameters: { type: "object" } };
const clockTool = (options?: OwnToolOptions, name = "clock") =>
  plugin("my-tools", ({ tools }) =>
    tools.add(
      {
        name,
        description: "Tells the time.",
        parameters: { type: "object", properties: { zone: { type: "string" } } },
        execute: () => ({ kind: "output", output: "12" }),
      },
      options,
    ),
  );
const docs = mcp({ docs: { search: () => ({ kind: "output", output: "found" }) } });

/** The names of the functions that the model saw, and the answer. */
async function offered(body: object, ...plugins: ReturnType<typeof plugin>[]) {
  const model = scripted(says("noon"));
  const vr = await startInProcess({ plugins: [model, ...plugins] });
  const answer = await vr.post(body);
  return Object.assign(answer, { names: model.requests[0]?.tools.map(({ name }) => name), model, vr });
}

describe("functions of the client", () => {
  it("reach the model as they are", async () => {
    const parameters = { type: "object", properties: { city: { $ref: "#/$defs/c" } }, $defs: { c: {} } };
    const entry = { ...weather, parameters, description: "Tells the weather.", strict: true };
    const { model, response } = await offered({ tools: [entry] });
    expect(model.requests[0]?.tools).toEqual([
      { name: "weather", description: "Tells the weather.", parameters, strict: true },
    ]);
    expect(response.tools).toEqual([entry]);
  });
});

describe("a gateway's own tool", () => {
  it("is offered to every request, which need not know of it", async () => {
    const { names, response } = await offered({ tools: [weather] }, clockTool());
    expect(names).toEqual(["weather", "clock"]);
    expect(response.tools?.map(({ type }) => type)).toEqual(["function"]);
  });

  it("is offered only by its plugin's label when it is to be asked for", async () => {
    const asked = { type: "mcp", server_label: "my-tools" };
    expect((await offered({}, clockTool({ offer: "request" }))).names).toEqual([]);
    expect((await offered({ tools: [asked] }, clockTool({ offer: "request" }))).names).toEqual(["clock"]);
  });

  it("may be named by its label too, which is what its items show", async () => {
    const asked = { type: "mcp", server_label: "my-tools" };
    const { names } = await offered({ tools: [asked] }, clockTool());
    expect(names).toEqual(["clock"]);
  });

  it("comes with the others of its label, and with those alone that allowed_tools names", async () => {
    const two = plugin("my-tools", ({ tools }) => {
      for (const name of ["clock", "calendar"])
        tools.add(
          { name, parameters: {}, execute: () => ({ kind: "output", output: name }) },
          { offer: "request" },
        );
    });
    const asked = { type: "mcp", server_label: "my-tools" };
    expect((await offered({ tools: [asked] }, two)).names).toEqual(["clock", "calendar"]);
    expect((await offered({ tools: [{ ...asked, allowed_tools: ["calendar"] }] }, two)).names).toEqual([
      "calendar",
    ]);
  });

  it("gives way to a function of the client that has its name, with a warning", async () => {
    const model = scripted(calls(["weather", {}]));
    const vr = await startInProcess({ plugins: [model, clockTool({}, "weather")] });
    const { response, headers } = await vr.stream({ tools: [weather] });
    expect(model.requests[0]?.tools).toHaveLength(1);
    expect(response.output).toMatchObject([{ type: "function_call", name: "weather" }]);
    expect(headers.get("x-vr-warning")).toContain('"weather"');
  });

  it("can be forced by its label and name, and by its label alone", async () => {
    const choice = { type: "mcp", server_label: "my-tools" };
    for (const tool_choice of [choice, { ...choice, name: "clock" }]) {
      const { model } = await offered({ tools: [weather], tool_choice }, clockTool());
      expect(model.requests[0]?.toolChoice).toEqual({ mode: "required", names: ["clock"] });
    }
  });

  it("does nothing to the model's own words when it is not called", async () => {
    expect(wordsOf((await offered({}, clockTool())).response.output)).toBe("noon");
  });
});

describe("two tools of one name", () => {
  const twice = plugin("twice", ({ tools }) =>
    tools.kind({
      type: "file_search",
      resolve: () => ({
        tools: [{ name: "weather", parameters: {}, execute: () => ({ kind: "output", output: "" }) }],
      }),
    }),
  );
  const search = { type: "file_search", vector_store_ids: ["vs_1"] };

  it.each([
    ["a client's and a hosted one", [weather, search], "tools[1]"],
    ["a hosted one and a client's", [search, weather], "tools[1]"],
    ["two hosted ones", [search, weather, search].filter((entry) => entry !== weather), "tools[1]"],
  ])("are a 400 that names the entry: %s", async (_, tools, param) => {
    const { status, error } = await offered({ tools }, twice);
    expect(status).toBe(400);
    expect(error.message).toContain('"weather"');
    expect(error.param).toBe(param);
  });
});

describe("a hosted type without a plugin", () => {
  const search = { type: "web_search" };

  it("is left out with a warning in header and log, and echoed", async () => {
    const { names, response, headers, vr } = await offered({ tools: [search, weather] });
    expect(names).toEqual(["weather"]);
    expect(response.tools?.map(({ type }) => type)).toEqual(["web_search", "function"]);
    const warning = 'tools[0] was left out: this gateway has no plugin for "web_search"';
    expect(headers.get("x-vr-warning")).toBe(warning);
    expect(vr.log.filter(({ level }) => level === "warn").map(({ message }) => message)).toEqual([warning]);
  });

  it("warns in a stream's headers too", async () => {
    const vr = await startInProcess({ plugins: [scripted(says("noon"))] });
    const { headers } = await vr.stream({ tools: [search] });
    expect(headers.get("x-vr-warning")).toContain("tools[0] was left out");
  });

  it.each<[string, unknown]>([
    ["names it", { type: "web_search" }],
    ["allows nothing else", { type: "allowed_tools", mode: "required", tools: [{ type: "web_search" }] }],
    ["requires any tool, and there is no other", "required"],
  ])("is a 400 when tool_choice %s", async (_, tool_choice) => {
    const { status, error } = await offered({ tools: [search], tool_choice });
    expect(status).toBe(400);
    expect(error.param).toBe("tool_choice");
  });
});

describe("an mcp entry", () => {
  it("is a 400 when nobody knows its label and it has no server_url", async () => {
    const { status, error } = await offered(
      { tools: [weather, { type: "mcp", server_label: "nowhere" }] },
      docs,
    );
    expect(status).toBe(400);
    expect(error).toMatchObject({
      param: "tools[1].server_label",
      message: expect.stringContaining('"nowhere"'),
    });
  });

  it("is left out with a warning when it has a server_url and no plugin goes there", async () => {
    const entry = { type: "mcp", server_label: "there", server_url: "https://mcp.example/" };
    const { names, headers } = await offered({ tools: [entry] });
    expect(names).toEqual([]);
    expect(headers.get("x-vr-warning")).toContain('no plugin for "mcp"');
  });

  it("never comes back with its secrets, neither in an answer nor in an event nor from the store", async () => {
    const entry = {
      type: "mcp",
      server_label: "docs",
      server_url: "https://mcp.example/secret-path?key=secret-query",
      authorization: "secret-token",
      headers: { "x-api-key": "secret-key" },
    };
    const vr = await startInProcess({ plugins: [scripted(says("a"), says("b")), docs] });
    const streamed = await vr.stream({ tools: [entry] });
    const plain = await vr.post({ tools: [entry] });
    const stored = await vr.get(streamed.response.id);
    const seen = JSON.stringify([streamed.events, plain.response, stored.response, vr.log]);
    expect(seen).not.toContain("secret");
    expect(stored.response.tools).toEqual([
      { type: "mcp", server_label: "docs", server_url: "https://mcp.example/" },
    ]);
  });

  it("says which entry a tool kind's error is about", async () => {
    const expired = { type: "mcp", server_label: "docs", authorization: "expired" };
    const { status, error } = await offered({ tools: [weather, expired] }, docs);
    expect(status).toBe(400);
    expect(error).toMatchObject({ message: "the token has expired", param: "tools[1].authorization" });
  });
});

describe("a tool kind", () => {
  const kind = (name: string, resolve: () => unknown) =>
    plugin(name, ({ tools }) => tools.kind({ type: "file_search", resolve: resolve as () => undefined }));
  const search = { type: "file_search", vector_store_ids: ["vs_1"] };
  const named = (name: string) => ({
    tools: [{ name, parameters: {}, execute: () => ({ kind: "output", output: "" }) }],
  });

  it("leaves an entry out by giving nothing, as if there were no plugin for it", async () => {
    const { names, headers } = await offered(
      { tools: [search] },
      kind("passing", () => undefined),
    );
    expect(names).toEqual([]);
    expect(headers.get("x-vr-warning")).toContain("tools[0] was left out");
  });

  it("may bring a type of its own, which the spec does not know", async () => {
    const own = plugin("own", ({ tools }) =>
      tools.kind({ type: "dice", resolve: () => named("roll") as never }),
    );
    expect((await offered({ tools: [weather] }, own)).status).toBe(200);
    const model = scripted(says("six"));
    const vr = await startInProcess({ plugins: [model, own] });
    const body = { method: "POST", body: JSON.stringify({ input: "roll", tools: [{ type: "dice" }] }) };
    const res = await fetch(`${vr.url}/v1/responses`, {
      ...body,
      headers: { "content-type": "application/json" },
    });
    expect(res.status).toBe(200);
    expect(model.requests[0]?.tools.map(({ name }) => name)).toEqual(["roll"]);
  });

  it("keeps the status of what it throws", async () => {
    const down = kind("down", () => {
      throw new UpstreamError(502, "the search server is down");
    });
    const { status, error } = await offered({ tools: [search] }, down);
    expect(status).toBe(502);
    expect(error).toMatchObject({ message: "the search server is down", param: "tools[0]" });
  });

  it("hides what it throws that is no error for clients", async () => {
    const broken = kind("broken", () => {
      throw new TypeError("the password is 1234");
    });
    const { status, error, vr } = await offered({ tools: [search] }, broken);
    expect(status).toBe(500);
    expect(error.message).not.toContain("1234");
    const causes = vr.log.map(({ fields }) => fields.err);
    expect(causes.map(String)).toContain("TypeError: the password is 1234");
  });

  it("may refuse one parameter of the entry", async () => {
    const picky = kind("picky", () => {
      throw new InvalidRequestError("no such store", { param: "vector_store_ids[0]" });
    });
    const { error } = await offered({ tools: [search] }, picky);
    expect(error.param).toBe("tools[0].vector_store_ids[0]");
  });
});

describe("a tool kind", () => {
  it("sees the conversation: what was stored, then the request's own input", async () => {
    const seen: (string | undefined)[][] = [];
    const kind = plugin("looks-back", ({ tools }) =>
      tools.kind({
        type: "web_search",
        resolve: (_entry, { history }) => {
          seen.push(history.map(({ item }) => (item as { role?: string }).role));
          return { tools: [] };
        },
      }),
    );
    const vr = await startInProcess({ plugins: [scripted(says("noon"), says("one")), kind] });
    const asked = { tools: [{ type: "web_search" }] };
    const { response } = await vr.post({ ...asked, input: "What time is it?" });
    await vr.post({ ...asked, input: "And now?", previous_response_id: response.id });
    expect(seen).toEqual([["user"], ["user", "assistant", "user"]]);
  });
});
