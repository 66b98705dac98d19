import { describe, expect, it } from "vitest";
import type { ModelChunk } from "../../core/index.ts";
import { plugin, wordsOf } from "../helpers/both-ways.ts";
import { begin, cite, finish, text, usage } from "../helpers/chunks.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { says, scripted } from "../helpers/scripted.ts";

/** A cache: every request is answered with the same chunks. */
const cache = (chunks: readonly ModelChunk[]) =>
  plugin("cache", ({ hooks }) => hooks.beforeUpstream.tap((_, turn) => turn.answer(chunks)));

/** A tap of plain JavaScript, which types do not keep from writing. */
const writing = (write: (chunk: Record<string, never>) => void) =>
  plugin("writer", ({ hooks }) => hooks.onChunk.tap((chunk) => void write(chunk as never)));

/** Three requests, one after the other: what each is told. */
async function threeHits(...plugins: Parameters<typeof startInProcess>[0]["plugins"]) {
  const vr = await startInProcess({ plugins: [scripted(), ...plugins] });
  const answers = [await vr.stream(), await vr.stream(), await vr.stream()];
  return answers.map((answer) =>
    answer.status === 200
      ? (answer.response.error?.message ?? wordsOf(answer.response.output))
      : answer.error.message,
  );
}

describe("chunks that many responses share", () => {
  it("are the same in every response, whatever a tap tries to write into them", async () => {
    const kept = [text("hello"), finish()];
    let hits = 0;
    const answers = await threeHits(
      cache(kept),
      writing((chunk) => {
        if (chunk.type === "text") Object.assign(chunk, { text: `${chunk.text}!${hits++}` });
      }),
    );
    expect(answers).toEqual(Array(3).fill('plugin "writer" failed in onChunk'));
    expect(kept).toEqual([text("hello"), finish()]);
  });

  it("may be replaced: each response has its own copy", async () => {
    let hits = 0;
    const louder = plugin("louder", ({ hooks }) =>
      hooks.onChunk.tap((chunk) =>
        chunk.type === "text" ? { ...chunk, text: `${chunk.text}!${hits++}` } : undefined,
      ),
    );
    expect(await threeHits(cache([text("hello")]), louder)).toEqual(["hello!0", "hello!1", "hello!2"]);
  });

  it.each<[string, ModelChunk, (chunk: never) => void]>([
    [
      "an annotation",
      cite("https://example.com"),
      (chunk: { annotation: { url: string } }) => (chunk.annotation.url = "x"),
    ],
    [
      "usage",
      usage(1, 2),
      (chunk: { usage: { input_tokens_details: object } }) =>
        Object.assign(chunk.usage.input_tokens_details, { cached_tokens: 9 }),
    ],
    [
      "log probabilities",
      { type: "text", text: "a", logprobs: [{ token: "a", logprob: 0, bytes: [97], top_logprobs: [] }] },
      (chunk: { logprobs?: { bytes: number[] }[] }) => chunk.logprobs?.[0]?.bytes.push(1),
    ],
    [
      "an item",
      {
        type: "item",
        stage: "done",
        item: { type: "message", id: "msg_1", role: "assistant", status: "completed", content: [] },
      },
      (chunk: { item: { content: unknown[] } }) => chunk.item?.content.push("x"),
    ],
  ])("are frozen all the way down: %s", async (_, chunk, write) => {
    const kept = [text("a"), chunk, finish()];
    const before = JSON.stringify(kept);
    const [first] = await threeHits(
      cache(kept),
      writing((seen) => {
        if ((seen as object) === chunk) write(seen as never);
      }),
    );
    expect(first).toBe('plugin "writer" failed in onChunk');
    expect(JSON.stringify(kept)).toBe(before);
  });

  it("are frozen all the way down where their author has frozen the list alone", async () => {
    const kept = Object.freeze([text("hello"), finish()]);
    const answers = await threeHits(
      cache(kept),
      writing((chunk) => void Object.assign(chunk, { type: "x" })),
    );
    expect(answers[0]).toBe('plugin "writer" failed in onChunk');
    expect(kept[0]).toEqual(text("hello"));
  });

  it("are frozen where a tap returns one and the same to every response", async () => {
    const stars = text("***");
    const censor = plugin("censor", ({ hooks }) =>
      hooks.onChunk.tap((chunk) => (chunk.type === "text" ? stars : undefined)),
    );
    const answers = await threeHits(
      cache([text("hello")]),
      censor,
      writing((chunk) => {
        if (chunk.type === "text") Object.assign(chunk, { text: `${chunk.text}!` });
      }),
    );
    expect(answers).toEqual(Array(3).fill('plugin "writer" failed in onChunk'));
    expect(stars).toEqual(text("***"));
  });

  it("are not what an upstream makes for one response: a tap that writes there harms that response alone", async () => {
    const fresh = () => says("hello")[0] as ModelChunk[];
    const vr = await startInProcess({
      plugins: [
        scripted(fresh, fresh),
        writing((chunk) => {
          if (chunk.type === "text") Object.assign(chunk, { text: `${chunk.text}!` });
        }),
      ],
    });
    expect(wordsOf((await vr.post()).response.output)).toBe("hello!");
    expect(wordsOf((await vr.post()).response.output)).toBe("hello!");
  });
});

describe("turn.answer", () => {
  it.each<[string, unknown]>([
    ["text", "hello"],
    ["one chunk", text("hello")],
    ["a list of texts", ["hello"]],
    ["a chunk without its text", [{ type: "text" }]],
    ["a chunk of an unknown type", [{ type: "words", text: "hello" }]],
    ["usage without its counts", [{ type: "usage", usage: {} }]],
    ["a reason that there is not", [{ type: "finish", reason: "done" }]],
    ["a hole", Array(1)],
    ["a call without a name", [{ ...begin("clock"), name: undefined }]],
  ])("refuses %s, naming the plugin", async (_, chunks) => {
    const [first] = await threeHits(cache(chunks as ModelChunk[]));
    expect(first).toBe('plugin "cache" failed in beforeUpstream');
  });
});
