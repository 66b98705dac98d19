import { describe, expect, it, onTestFinished } from "vitest";
import type { ModelChunk } from "../../core/index.ts";
import { openaiCompatible } from "../../plugins/upstream-openai-compatible/index.ts";
import { plugin } from "../helpers/both-ways.ts";
import { chunk, createChatServer, DONE, stream } from "../helpers/chat-server.ts";
import { args, begin, finish, refuse, text, think, usage } from "../helpers/chunks.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { added, called, done, ended, message } from "../helpers/responses-says.ts";
import { scripted } from "../helpers/scripted.ts";

const HIGH = "\ud83d";
const LOW = "\ude00";
const SMILE = HIGH + LOW;
const LOST = "\ufffd";

/** A plugin that writes down what its `onChunk` is shown. */
function watcher() {
  const seen: ModelChunk[] = [];
  return {
    seen,
    watcher: plugin("watcher", ({ hooks }) => hooks.onChunk.tap((shown) => void seen.push(shown))),
  };
}

const wordsIn = (chunks: readonly ModelChunk[]) =>
  chunks.flatMap((shown) => ("text" in shown ? [shown.text] : "delta" in shown ? [shown.delta] : []));

const deltasOf = (events: readonly object[]) =>
  events.flatMap((event) => ("delta" in event ? [event.delta as string] : []));

/** What the client is sent of these reads, and what a tap has seen. */
async function told(...reads: ModelChunk[][]) {
  const { seen, watcher: tap } = watcher();
  const model = scripted([...reads, [finish("stop")]]);
  const vr = await startInProcess({ plugins: [model, tap] });
  const { events, response } = await vr.stream({ tools: [{ type: "function", name: "f", parameters: {} }] });
  for (const words of [...deltasOf(events), ...wordsIn(seen)]) expect(words.isWellFormed()).toBe(true);
  expect(JSON.stringify(response)).not.toMatch(/\\ud/);
  return { deltas: deltasOf(events), seen: wordsIn(seen), response };
}

const kinds = [
  ["text", text],
  ["reasoning", think],
  ["a refusal", refuse],
] as const;

describe.each(kinds)("in %s of any upstream, half of a character", (_, words) => {
  it.each<[string, string[][], string[]]>([
    ["waits for the next delta", [[`Hi ${HIGH}`, `${LOW}!`]], ["Hi ", `${SMILE}!`]],
    ["waits for the next read", [[`Hi ${HIGH}`], [`${LOW}!`]], ["Hi ", `${SMILE}!`]],
    ["waits alone", [[HIGH], [LOW], ["!"]], [SMILE, "!"]],
    ["waits again and again", [[`a${HIGH}`], [LOW + HIGH], [`${LOW}b`]], ["a", SMILE, `${SMILE}b`]],
    ["is replaced by what follows", [[`a${HIGH}`], ["b"]], ["a", `${LOST}b`]],
    ["is replaced at the end", [[`a${HIGH}`]], ["a", LOST]],
    ["is replaced within a delta", [[`a${HIGH} b${LOW}c`]], [`a${LOST} b${LOST}c`]],
    ["is replaced at the beginning", [[LOW, "a"]], [LOST, "a"]],
    ["is replaced where two are alike", [[HIGH], [HIGH], [LOW]], [LOST, SMILE]],
  ])("%s", async (_name, reads, expected) => {
    const { deltas, seen } = await told(...reads.map((read) => read.map(words)));
    expect(deltas).toEqual(expected);
    expect(seen).toEqual(expected);
  });
});

describe("half of a character", () => {
  it("waits in the arguments of its own call", async () => {
    const { response, deltas } = await told(
      [begin("f"), args(0, `{"a":"${HIGH}`), begin("f", 1), args(1, `{"b":"${HIGH}`)],
      [args(0, `${LOW}"}`), usage(1, 1)],
      [args(1, `"}`)],
    );
    expect(deltas).toEqual(['{"a":"', '{"b":"', `${SMILE}"}`, `${LOST}"}`]);
    expect(response.output.map((item) => "arguments" in item && item.arguments)).toEqual([
      `{"a":"${SMILE}"}`,
      `{"b":"${LOST}"}`,
    ]);
  });

  it("is replaced where other words or a call come", async () => {
    expect((await told([think(`a${HIGH}`), text(`${LOW}b`)])).deltas).toEqual(["a", LOST, `${LOST}b`]);
    expect((await told([text(`a${HIGH}`), begin("f"), args(0, "{}")])).deltas).toEqual(["a", LOST, "{}"]);
  });

  it("is left to the next delta by annotations and usage", async () => {
    const annotation = {
      type: "url_citation",
      url: "https://a",
      title: "",
      start_index: 0,
      end_index: 1,
    } as const;
    const { deltas } = await told([text(`a${HIGH}`), { type: "annotation", annotation }, text(LOW)]);
    expect(deltas).toEqual(["a", SMILE]);
  });

  it("is replaced in a call's name", async () => {
    const { response } = await told([begin(`f${HIGH}`), args(0, "{}")]);
    expect(response.output).toHaveLength(1);
  });

  it("that a tap has made waits too", async () => {
    const halves = plugin("halves", ({ hooks }) =>
      hooks.onChunk.tap((shown) =>
        shown.type === "text" ? shown.text.split("").map((unit) => text(unit)) : undefined,
      ),
    );
    const vr = await startInProcess({
      plugins: [scripted([[text(`a${SMILE}b`)], [text(SMILE), finish("stop")]]), halves],
    });
    expect(deltasOf((await vr.stream()).events)).toEqual(["a", SMILE, "b", SMILE]);
  });

  it("is gone where a guardrail stops", async () => {
    const { watcher: tap } = watcher();
    const stop: ModelChunk = { type: "stop", message: "no" };
    const stopper = plugin("stopper", ({ hooks }) =>
      hooks.onChunk.tap((shown) =>
        shown.type === "text" && shown.text === "b" ? [text(HIGH), stop] : undefined,
      ),
    );
    const vr = await startInProcess({
      plugins: [scripted([[text("a")], [text("b")], [finish("stop")]]), stopper, tap],
    });
    const { events, response } = await vr.stream();
    expect(deltasOf(events)).toEqual(["a"]);
    expect(response.status).toBe("incomplete");
  });
});

describe.each(["chat", "responses"] as const)("a server with api: %s that sends escaped halves", (api) => {
  const ask = async (deltas: string[]) => {
    const item = message("msg_1", deltas.join(""));
    const steps =
      api === "chat"
        ? [...deltas.map((content) => chunk({ content })), chunk({}, "stop"), DONE]
        : [
            added(0, { ...item, content: [] }),
            ...deltas.map((delta) => ({
              type: "response.output_text.delta",
              item_id: "msg_1",
              output_index: 0,
              content_index: 0,
              delta,
            })),
            done(0, item),
            ended([item]),
          ];
    const server = await createChatServer({ first: stream(...steps) });
    onTestFinished(() => server.close());
    const { seen, watcher: tap } = watcher();
    const vr = await startInProcess({ plugins: [openaiCompatible({ baseUrl: server.url, api }), tap] });
    const { events, response } = await vr.stream({ model: "m" });
    expect(wordsIn(seen)).toEqual(deltasOf(events));
    for (const words of deltasOf(events)) expect(words.isWellFormed()).toBe(true);
    expect(JSON.stringify(response)).not.toMatch(/\\ud/);
    return deltasOf(events);
  };

  it.each<[string, string[], string[]]>([
    [
      "gets them joined",
      ["one", "two", `Hi ${HIGH}`, `${LOW}!`, "end"],
      ["one", "two", "Hi ", `${SMILE}!`, "end"],
    ],
    [
      "gets one that is alone replaced",
      ["one", "two", `a${HIGH} b`, "end"],
      ["one", "two", `a${LOST} b`, "end"],
    ],
    ["gets the last replaced", ["one", "two", HIGH], ["one", "two", LOST]],
  ])("%s", async (_, deltas, expected) => {
    expect(await ask(deltas)).toEqual(expected);
  });
});

it("log probabilities of half a character are those of the whole text", async () => {
  const logprobs = { content: [{ token: HIGH, logprob: -1, top_logprobs: [{ token: LOW, logprob: -2 }] }] };
  const choice = (content: string) => ({ choices: [{ index: 0, delta: { content }, logprobs }] });
  const server = await createChatServer({
    first: stream(choice(HIGH), choice(LOW), chunk({}, "stop"), DONE),
  });
  onTestFinished(() => server.close());
  const vr = await startInProcess({ plugins: [openaiCompatible({ baseUrl: server.url })] });
  const { response, events } = await vr.stream({ model: "m", top_logprobs: 1 });
  expect(deltasOf(events).join("")).toBe(SMILE);
  expect(JSON.stringify([response, events])).not.toMatch(/\\ud/);
});

it("names and arguments of a native server's calls are well-formed", async () => {
  const item = { ...called("fc_1", "call_1", `{"a":"${HIGH}"}`), name: "clock" };
  const server = await createChatServer({ first: stream(ended([item])) });
  onTestFinished(() => server.close());
  const vr = await startInProcess({ plugins: [openaiCompatible({ baseUrl: server.url, api: "responses" })] });
  const tools = [{ type: "function", name: "clock", parameters: {} }];
  const { response } = await vr.stream({ model: "m", tools });
  expect(response.output[0]).toMatchObject({ arguments: `{"a":"${LOST}"}` });
});
