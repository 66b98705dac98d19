import { describe, expect, it } from "vitest";
import {
  createTailWindow,
  isGuardrailStop,
  type ModelChunk,
  type TailWindowOptions,
  type wire,
} from "../core/index.ts";

const text = (words: string): ModelChunk => ({ type: "text", text: words });
const think = (words: string): ModelChunk => ({ type: "reasoning", text: words });
const args = (index: number, delta: string): ModelChunk => ({ type: "tool_arguments", index, delta });
const call = (index: number): ModelChunk => ({ type: "tool_call", index, name: "clock" });
const finish: ModelChunk = { type: "finish", reason: "stop" };
const usage = { type: "usage", usage: {} as wire.ResponseUsage } satisfies ModelChunk;

/** Stops at `secret`, case by case; holds what begins it. */
const findSecret: TailWindowOptions["inspect"] = (words) => {
  const at = words.indexOf("secret");
  if (at !== -1) return { pass: at, stop: "no secrets" };
  for (let length = Math.min(5, words.length); length > 0; length--)
    if ("secret".startsWith(words.slice(-length))) return words.length - length;
  return words.length;
};

/** What a client would be sent, a guardrail's stop included. */
function run(chunks: readonly ModelChunk[], options: Partial<TailWindowOptions> = {}): ModelChunk[] {
  const window = createTailWindow({ inspect: findSecret, ...options });
  const out: ModelChunk[] = [];
  for (const chunk of chunks) {
    try {
      const result = window.push(chunk);
      out.push(...(result === undefined ? [chunk] : Array.isArray(result) ? result : [result]));
    } catch (error) {
      if (!isGuardrailStop(error)) throw error;
      return [...out, ...(error.before as ModelChunk[]), { type: "stop", message: error.message }];
    }
  }
  return out;
}

const stop: ModelChunk = { type: "stop", message: "no secrets" };
const logprob = (token: string) => ({ token, bytes: [], logprob: -1, top_logprobs: [] });

describe("createTailWindow", () => {
  it("passes a chunk as it is when nothing can become a match", () => {
    const chunk = text("a harmless word");
    expect(createTailWindow({ inspect: findSecret }).push(chunk)).toBeUndefined();
  });

  it("holds only what could still become a match", () => {
    expect(run([text("a sec")])).toEqual([text("a ")]);
    expect(run([text("a sec"), text("ond")])).toEqual([text("a "), text("second")]);
  });

  it("stops with what came before the match, whatever the split", () => {
    const words = "tell the secret now";
    for (let at = 0; at <= words.length; at++) {
      const out = run([text(words.slice(0, at)), text(words.slice(at)), finish]);
      expect(out.at(-1)).toEqual(stop);
      expect(joined(out)).toBe("tell the ");
    }
  });

  it("releases at finish what turned out harmless", () => {
    expect(run([text("a sec"), finish])).toEqual([text("a "), text("sec"), finish]);
  });

  it("releases before another guardrail's stop", () => {
    const other: ModelChunk = { type: "stop", message: "other" };
    expect(run([text("sec"), other])).toEqual([text("sec"), other]);
  });

  it("releases nothing when the upstream breaks off", () => {
    expect(run([text("all sec")])).toEqual([text("all ")]);
  });

  it("releases before a chunk of another kind", () => {
    expect(run([think("sec"), text("hello")])).toEqual([think("sec"), text("hello")]);
    expect(run([text("sec"), call(0)])).toEqual([text("sec"), call(0)]);
  });

  for (const between of [
    usage,
    text(""),
    { type: "annotation", annotation: { type: "file_path", file_id: "f", index: 0 } },
  ] as const)
    it(`does not release for ${between.type === "text" ? "an empty text" : between.type}`, () => {
      const out = run([text("a sec"), between, text("ret")]);
      expect(joined(out)).toBe("a ");
      expect(out.at(-1)).toEqual(stop);
    });

  it("keeps the arguments of parallel calls apart and holds both", () => {
    const out = run([call(0), call(1), args(0, "sec"), args(1, "sec"), args(0, "ond"), args(1, "ret")]);
    expect(out).toEqual([call(0), call(1), args(0, "second"), stop]);
  });

  it("never lets a match pass whole, although another kind released its beginning", () => {
    const out = run([text("a sec"), think("hm"), text("ret!")]);
    expect(out).toEqual([text("a "), text("sec"), think("hm"), stop]);
  });

  it("goes on after an early release when it was harmless", () => {
    const out = run([text("a sec"), think("hm"), text("r"), text("ap"), finish]);
    expect(out).toEqual([text("a "), text("sec"), think("hm"), text("rap"), finish]);
  });

  it("does not join words of different kinds", () => {
    expect(run([think("sec"), text("ret"), finish])).toEqual([think("sec"), text("ret"), finish]);
  });

  it("looks only at the kinds that it was given", () => {
    expect(run([think("secret"), text("hi"), finish], { kinds: ["text"] })).toEqual([
      think("secret"),
      text("hi"),
      finish,
    ]);
  });

  it("sends a split chunk's logprobs with the part that goes out last", () => {
    const first: ModelChunk = { type: "text", text: "a sec", logprobs: [logprob("a sec")] };
    const second: ModelChunk = { type: "text", text: "ond", logprobs: [logprob("ond")] };
    expect(run([first, second])).toEqual([
      text("a "),
      { type: "text", text: "second", logprobs: [logprob("a sec"), logprob("ond")] },
    ]);
  });

  it("drops the logprobs of what a stop keeps back", () => {
    const first: ModelChunk = { type: "text", text: "a sec", logprobs: [logprob("a sec")] };
    expect(run([first, text("ret")])).toEqual([text("a "), stop]);
  });

  it("keeps logprobs of an empty chunk behind the held text", () => {
    const empty: ModelChunk = { type: "text", text: "", logprobs: [logprob("sec")] };
    expect(run([text("sec"), empty, finish])).toEqual([
      { type: "text", text: "sec", logprobs: [logprob("sec")] },
      finish,
    ]);
  });

  it("never splits a surrogate pair", () => {
    const out = run([text("x😀"), finish], {
      inspect: (words, { ended }) => (ended ? words.length : words.length - 1),
    });
    expect(out).toEqual([text("x"), text("😀"), finish]);
  });

  it("says what stands before, and when nothing more can come", () => {
    const seen: unknown[] = [];
    run([text("one"), text("two"), finish], {
      inspect: (words, { before, ended }) => {
        seen.push([before, words, ended]);
        return words === "two" && !ended ? 0 : words.length;
      },
    });
    expect(seen).toEqual([
      ["", "one", false],
      ["one", "two", false],
      ["one", "two", true],
    ]);
  });

  it("stops when the released text is a match only at its end", () => {
    const inspect: TailWindowOptions["inspect"] = (words, { ended }) =>
      ended && words.endsWith("end") ? { pass: 0, stop: "no secrets" } : 0;
    expect(run([text("end"), finish], { inspect })).toEqual([stop]);
  });

  describe("with an upstream that speaks items itself", () => {
    const delta = (words: string): ModelChunk => ({
      type: "item_event",
      event: {
        type: "response.output_text.delta",
        item_id: "msg_1",
        output_index: 0,
        content_index: 0,
        delta: words,
        logprobs: [],
      },
    });
    const message = (words: string): ModelChunk => ({
      type: "item",
      stage: "done",
      item: {
        type: "message",
        id: "msg_1",
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text: words, annotations: [], logprobs: [] }],
      },
    });

    it("looks at what it says of a call beside the arguments", () => {
      const call = (remark: string): ModelChunk => {
        const item = {
          type: "function_call",
          id: "fc_1",
          call_id: "c",
          name: "clock",
          arguments: "a secret",
        };
        return { type: "tool_call", index: 0, name: "clock", item: { ...item, remark } as never };
      };
      expect(run([call("none"), finish])).toEqual([call("none"), finish]);
      expect(run([call("a secret")])).toEqual([stop]);
    });

    it("looks at deltas of its events", () => {
      expect(run([delta("a sec"), delta("ret")])).toEqual([delta("a "), stop]);
      expect(run([delta("a sec"), delta("ond"), message("a second"), finish])).toEqual([
        delta("a "),
        delta("second"),
        message("a second"),
        finish,
      ]);
    });

    it("looks at whole items", () => {
      expect(run([text("sec"), message("a secret")])).toEqual([text("sec"), stop]);
    });
  });
});

function joined(chunks: readonly ModelChunk[]): string {
  return chunks.map((chunk) => (chunk.type === "text" ? chunk.text : "")).join("");
}
