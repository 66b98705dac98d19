import { describe, expect, it } from "vitest";
import { mcp } from "../../../plugins/mcp/index.ts";
import { startInProcess } from "../../helpers/in-process.ts";
import { callsOdd, entry, odd } from "../../helpers/mcp/odd.ts";
import { PIXEL } from "../../helpers/mcp/odd-tools.ts";
import { says, scripted } from "../../helpers/scripted.ts";

/** The model calls a tool of the odd server, and says "done". Gives the item and what the model read of it. */
async function callOdd(tool: string, args: object = {}) {
  const model = scripted(callsOdd([tool, args]), says("done"));
  const vr = await startInProcess({ plugins: [model, mcp({ servers: { odd: odd() } })] });
  const { response } = await vr.stream({ tools: [entry()] });
  expect(response.status).toBe("completed");
  const [, item] = response.output;
  const read = model.read(1).at(-1) as { output?: unknown };
  return { item, read: read.output, vr, response };
}

describe("a result", () => {
  it("of text is the item's output and what the model reads", async () => {
    const { item, read } = await callOdd("echo", { text: "hello" });
    expect(item).toMatchObject({
      type: "mcp_call",
      name: "echo",
      output: "hello",
      error: null,
      status: "completed",
    });
    expect(read).toBe("hello");
  });

  it("with an image shows the image to the model, now and in later responses", async () => {
    const parts = [
      { type: "input_text", text: "a pixel" },
      { type: "input_image", image_url: `data:image/png;base64,${PIXEL}`, detail: "auto" },
    ];
    const model = scripted(callsOdd(["picture"]), says("seen"), says("still seen"));
    const vr = await startInProcess({ plugins: [model, mcp({ servers: { odd: odd() } })] });
    const { response } = await vr.stream({ tools: [entry()] });
    await vr.post({ previous_response_id: response.id });
    for (const n of [1, 2]) {
      const output = model.read(n).find(({ type }) => type === "function_call_output");
      expect(output).toMatchObject({ output: parts });
    }
    expect(response.output[1]).toMatchObject({ output: expect.stringContaining(PIXEL) });
  });

  it("with resources, links and audio says what each is", async () => {
    const { read } = await callOdd("resources");
    expect(read).toBe(
      [
        "inside a.txt",
        "[resource file:///b.bin, application/zip, 3 bytes: it cannot be shown here]",
        "c: the third (https://example.com/c)",
        "[audio, audio/wav, 3 bytes: it cannot be shown here]",
        '{"type":"hologram","depth":3}',
      ].join("\n"),
    );
  });

  it("with structured content is its JSON, once", async () => {
    expect((await callOdd("structured")).read).toBe('{"sum":3}');
    expect((await callOdd("structured_twice")).read).toBe('{ "sum": 3 }');
  });

  it("that is an error fails the item, not the response", async () => {
    const { item, read } = await callOdd("fails");
    expect(item).toMatchObject({
      status: "failed",
      output: null,
      error: { type: "mcp_tool_execution_error", content: [{ type: "text", text: "out of paper" }] },
    });
    expect(read).toBe("Error: out of paper");
  });

  it("that is an error of more than a million characters is told as one", async () => {
    const { item, read } = await callOdd("fails", { words: 1_000_000 });
    const text = "The tool failed, and said more than 1000000 characters.";
    expect(item).toMatchObject({ error: { content: [{ type: "text", text }] } });
    expect(read).toBe(`Error: ${text}`);
  });

  it("with parts that are none, or without any, is told all the same", async () => {
    expect((await callOdd("odd_parts")).read).toBe('whole\n{"words":"no type"}\n"bare"');
    expect((await callOdd("no_content")).item).toMatchObject({ status: "completed", output: "" });
  });

  it.each(["no_result", "malformed", "malformed_error", "malformed_whole"])(
    "that is none is an error: %s",
    async (tool) => {
      const { item } = await callOdd(tool);
      expect(item).toMatchObject({ status: "failed", error: { type: "mcp_protocol_error", code: -32_600 } });
    },
  );
});

it("an error of the protocol keeps its code and its message", async () => {
  const { item, read } = await callOdd("refuses");
  expect(item).toMatchObject({ error: { type: "mcp_protocol_error", code: -32_055, message: "not today" } });
  expect(read).toBe("Error: not today");
});

describe("arguments", () => {
  it("that do not fit are not sent, and the model is told what is wrong", async () => {
    const { item, read } = await callOdd("echo", { text: 5 });
    expect(read).toBe(
      'Error: The arguments do not fit the schema of "echo", so it was not called: /text must be string.',
    );
    expect(item).toMatchObject({ status: "failed", error: { type: "mcp_tool_execution_error" } });
  });

  it("are checked through $ref", async () => {
    expect((await callOdd("referring", { place: {} })).read).toContain(
      "/place must have required property 'city'",
    );
    expect((await callOdd("referring", { place: { city: "Rome" } })).read).toBe('{"place":{"city":"Rome"}}');
  });

  it("need not be there", async () => {
    expect((await callOdd("no_arguments")).read).toBe("{}");
  });

  it("are the server's to check where its schema cannot be read", async () => {
    expect((await callOdd("broken_schema", { a: 1 })).read).toBe("ran");
  });

  it("are the server's to check where its schema wants no object, which arguments always are", async () => {
    expect((await callOdd("wants_a_list", { a: 1 })).read).toBe('{"a":1}');
  });
});

describe("parallel calls", () => {
  it("get each its own result, 50 at once", async () => {
    const made = Array.from({ length: 50 }, (_, i) => ["echo", { text: `call ${i}` }] as const);
    const model = scripted(callsOdd(...made), says("done"));
    const vr = await startInProcess({ plugins: [model, mcp({ servers: { odd: odd() } })] });
    const { response } = await vr.stream({ tools: [entry()] });
    const items = response.output.filter((item) => item.type === "mcp_call");
    expect(items.map(({ output }) => output)).toEqual(made.map(([, { text }]) => text));
  });
});
