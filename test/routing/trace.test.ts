import { describe, expect, it } from "vitest";
import { UpstreamError } from "../../core/index.ts";
import { plugin } from "../helpers/both-ways.ts";
import { finish, text, think } from "../helpers/chunks.ts";
import { type InProcess, type InProcessOptions, startInProcess } from "../helpers/in-process.ts";
import { calls, gate, type ScriptedTurn, says, scripted } from "../helpers/scripted.ts";

const SECRET = "sesame-open-sesame";
process.env.TEST_TRACE_TOKEN = SECRET;

const start = (turns: ScriptedTurn[], options: Partial<InProcessOptions> = {}) =>
  startInProcess({ plugins: [scripted(...turns)], ...options });
const linesOf = ({ log }: InProcess) =>
  log
    .filter(({ message }) => /^the model /.test(message))
    .map(({ level, message, fields }) => ({ level, message, ...fields }));

describe("at debug", () => {
  it.each(["post", "stream"] as const)(
    "says of each call what is asked and what has come (%s)",
    async (way) => {
      const clock = plugin("clock", ({ tools }) =>
        tools.add({
          name: "clock",
          parameters: { type: "object" },
          execute: () => ({ kind: "output", output: "12" }),
        }),
      );
      const vr = await startInProcess({ plugins: [scripted(calls(["clock", {}]), says("noon")), clock] });
      const { response } = await vr[way]({ model: "m" });
      const call = {
        level: "debug",
        plugin: "scripted",
        response: response.id,
        upstream: "scripted",
        model: "m",
      };
      expect(linesOf(vr)).toEqual([
        { ...call, message: "the model is asked", turn: 0, stream: way === "stream", items: 1, tools: 1 },
        {
          ...call,
          message: "the model has answered",
          turn: 0,
          ms: expect.any(Number),
          chunks: { tool_call: 1, tool_arguments: 1, finish: 1 },
        },
        { ...call, message: "the model is asked", turn: 1, stream: way === "stream", items: 3, tools: 1 },
        {
          ...call,
          message: "the model has answered",
          turn: 1,
          ms: expect.any(Number),
          chunks: { text: 1, finish: 1 },
        },
      ]);
    },
  );

  it("says nothing of what was said", async () => {
    const vr = await start([[think("falcon"), text("falcon"), finish()]]);
    await vr.stream({ input: "falcon", instructions: "falcon" });
    expect(linesOf(vr)).toHaveLength(2);
    expect(JSON.stringify(vr.log)).not.toContain("falcon");
  });

  it("says that a call failed, and why", async () => {
    const vr = await start([[text("half"), new UpstreamError(502, "It is gone.")]]);
    await vr.stream();
    expect(linesOf(vr).at(-1)).toMatchObject({
      message: "the model failed",
      chunks: { text: 1 },
      err: new UpstreamError(502, "It is gone."),
    });
  });

  it("lets a model go whose client has left, like any other", async () => {
    const model = scripted([text("half a"), gate().promise]);
    const vr = await startInProcess({ plugins: [model] });
    const stream = await vr.open();
    await stream.until("response.output_text.delta");
    stream.leave();
    await expect.poll(() => model.released).toBe(1);
    expect(linesOf(vr)).toHaveLength(2);
  });
});

describe("with bodies", () => {
  const settings = { logBodies: true };

  it("shows what was asked and what was answered, in pieces put together", async () => {
    const vr = await start([[think("h"), think("m"), [text("no"), text("on")], finish()]], { settings });
    await vr.stream({ input: "What time is it?", instructions: "Be brief." });
    const [asked, answered] = linesOf(vr) as { request?: string; answer?: string }[];
    expect(JSON.parse(asked?.request ?? "")).toMatchObject({
      items: [{ item: { role: "user", content: [{ text: "What time is it?" }] } }],
    });
    expect(asked?.request).toContain("Be brief.");
    expect(JSON.parse(answered?.answer ?? "")).toEqual([
      { type: "reasoning", text: "hm" },
      { type: "text", text: "noon" },
      { type: "finish", reason: "stop" },
    ]);
  });

  it("cuts secrets out of both", async () => {
    const vr = await start([[text(`the token is ${SECRET}`), finish()]], { settings });
    await vr.stream({ input: `http://ada:1234@host/?key=5678 Bearer abcdefgh ${SECRET}` });
    const lines = JSON.stringify(linesOf(vr));
    for (const secret of ["ada", "1234", "5678", "abcdefgh", SECRET]) expect(lines).not.toContain(secret);
    expect(lines).toContain("[redacted]");
  });

  it("shows the beginning of what is long", async () => {
    const vr = await start([[text("y".repeat(150_000)), finish()]], { settings });
    await vr.stream({ input: "x".repeat(150_000) });
    const [asked, answered] = linesOf(vr) as { request?: string; answer?: string }[];
    for (const body of [asked?.request, answered?.answer])
      expect(body).toMatch(/^.{100000}… \(\d+ more characters\)$/s);
  });
});

it("at info nothing of it is there", async () => {
  const vr = await start([says("noon")], { settings: { logLevel: "info", logBodies: true } });
  await vr.stream();
  expect(linesOf(vr)).toEqual([]);
});
