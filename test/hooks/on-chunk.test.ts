import { describe, expect, it } from "vitest";
import { GuardrailStop, type ModelChunk, type TapFunction, type Turn } from "../../core/index.ts";
import { bothWays, plugin, wordsOf } from "../helpers/both-ways.ts";
import { args, begin, call, finish, text, think, usage } from "../helpers/chunks.ts";
import { startInProcess } from "../helpers/in-process.ts";
import { calls, gate, says, scripted } from "../helpers/scripted.ts";

type ChunkTap = TapFunction<[chunk: ModelChunk, turn: Turn], ModelChunk | readonly ModelChunk[]>;

const tapping = (tap: ChunkTap, name = "tap") => plugin(name, ({ hooks }) => hooks.onChunk.tap(tap));
const onText =
  (change: (words: string) => ModelChunk | readonly ModelChunk[] | undefined): ChunkTap =>
  (chunk) =>
    chunk.type === "text" ? change(chunk.text) : undefined;
const answering = (...taps: ReturnType<typeof tapping>[]) =>
  bothWays(() => ({ plugins: [scripted(says("half ", "past ", "noon")), ...taps] }));

describe("onChunk", () => {
  it.each<[string, ChunkTap, string]>([
    ["keeps a chunk when a tap returns nothing", () => {}, "half past noon"],
    [
      "replaces it by the one that is returned",
      onText((words) => text(words.toUpperCase())),
      "HALF PAST NOON",
    ],
    ["drops it when [] is returned", onText((words) => (words === "past " ? [] : undefined)), "half noon"],
    [
      "puts several in its place",
      onText((words) => [text("<"), text(words), text(">")]),
      "<half ><past ><noon>",
    ],
  ])("%s", async (_, tap, words) => {
    const { response } = await answering(tapping(tap));
    expect(response.status).toBe("completed");
    expect(wordsOf(response.output)).toBe(words);
  });

  it("opens an item for a chunk of another kind that a tap inserts", async () => {
    const { response } = await answering(tapping(onText((words) => [think("hm"), text(words)])));
    expect(response.output.map(({ type }) => type)).toEqual([
      "reasoning",
      "message",
      "reasoning",
      "message",
      "reasoning",
      "message",
    ]);
  });

  it("hands each tap what the one before it made", async () => {
    const { response } = await answering(
      tapping(
        onText((words) => [text(`${words}!`), text("?")]),
        "first",
      ),
      tapping(
        onText((words) => text(`(${words})`)),
        "second",
      ),
    );
    expect(wordsOf(response.output)).toBe("(half !)(?)(past !)(?)(noon!)(?)");
  });

  it("shows every kind of chunk, the last one included", async () => {
    const seen: string[] = [];
    const vr = await startInProcess({
      plugins: [
        scripted([think("hm"), text("noon"), ...call("weather", {}), usage(1, 2), finish("tool_calls")]),
        tapping((chunk) => void seen.push(chunk.type)),
      ],
    });
    await vr.post({ tools: [{ type: "function", name: "weather", parameters: {} }] });
    expect(seen).toEqual(["reasoning", "text", "tool_call", "tool_arguments", "usage", "finish"]);
  });

  it("keeps a tap's state for one turn, and for one response", async () => {
    const counts: string[] = [];
    const counting = tapping((chunk, turn) => {
      const inTurn = turn.state("count", () => ({ n: 0 }));
      const inResponse = turn.response.state("count", () => ({ n: 0 }));
      inTurn.n++;
      inResponse.n++;
      if (chunk.type === "finish") counts.push(`${turn.index}: ${inTurn.n} of ${inResponse.n}`);
    });
    const clock = plugin("clock", (vr) =>
      vr.tools.add({
        name: "clock",
        parameters: {},
        execute: () => ({ kind: "output", output: "12" }),
      }),
    );
    const vr = await startInProcess({
      plugins: [scripted(calls(["clock", {}]), says("noon"), says("again")), clock, counting],
    });
    await vr.post();
    await vr.post();
    expect(counts).toEqual(["0: 3 of 3", "1: 2 of 5", "0: 2 of 2"]);
  });

  describe("asynchronous taps", () => {
    it("are known by being async functions", async () => {
      const { response } = await answering(
        tapping(async (chunk) => {
          await new Promise(setImmediate);
          return chunk.type === "text" ? text(chunk.text.toUpperCase()) : undefined;
        }),
      );
      expect(wordsOf(response.output)).toBe("HALF PAST NOON");
    });

    it("say so with { async: true } when they are not", async () => {
      const later: ChunkTap = (chunk) =>
        Promise.resolve(chunk.type === "text" ? text(chunk.text.toUpperCase()) : undefined);
      const { response } = await answering(
        plugin("later", ({ hooks }) => hooks.onChunk.tap({ async: true }, later)),
      );
      expect(wordsOf(response.output)).toBe("HALF PAST NOON");
    });

    it("keep the order of chunks, however long each takes", async () => {
      const waits: Record<string, number> = { "half ": 3, "past ": 1, noon: 0 };
      const { response } = await answering(
        tapping(async (chunk) => {
          if (chunk.type !== "text") return;
          for (let n = waits[chunk.text] ?? 0; n > 0; n--) await new Promise(setImmediate);
          return text(`[${chunk.text}]`);
        }),
      );
      expect(wordsOf(response.output)).toBe("[half ][past ][noon]");
    });

    it("work in line with synchronous ones", async () => {
      const { response } = await answering(
        tapping(
          onText((words) => text(`${words}a`)),
          "sync",
        ),
        tapping(async (chunk) => (chunk.type === "text" ? text(`${chunk.text}b`) : undefined), "async"),
        tapping(
          onText((words) => text(`${words}c`)),
          "sync-again",
        ),
      );
      expect(wordsOf(response.output)).toBe("half abcpast abcnoonabc");
    });

    it("are an error that says what to do when a plain function returns a promise", async () => {
      const { response } = await failing((chunk) => Promise.resolve(chunk));
      expect(response.error?.message).toMatch(/"tap" returned a promise in onChunk: .*async/);
    });
  });

  describe("what taps must not do", () => {
    it("fails the request when a tap throws, and tells neither message nor stack", async () => {
      const { response, vr } = await failing(() => {
        throw new TypeError("the password is 1234");
      });
      expect(response.error).toEqual({ code: "server_error", message: 'plugin "tap" failed in onChunk' });
      const [line] = vr.log.filter(({ level }) => level === "error");
      expect(line?.fields).toMatchObject({
        fault: "tap",
        message: 'plugin "tap" failed in onChunk',
        err: { cause: new TypeError("the password is 1234") },
      });
    });

    it.each([
      ["null", null, "returned null in onChunk"],
      ["a string", "noon", "returned something in onChunk that is not a chunk"],
      ["a list with something else in it", [7], "returned something in onChunk that is not a chunk"],
      ["text that is none", { type: "text", text: {} }, "returned something in onChunk that is not a chunk"],
      [
        "arguments without a delta",
        { type: "tool_arguments", index: 0 },
        "returned something in onChunk that is not a chunk",
      ],
      [
        "an unknown type",
        { type: "words" },
        "returned something in onChunk that is not a chunk: type must be one of",
      ],
      ["a type of every object", { type: "toString" }, "returned something in onChunk that is not a chunk"],
      ["a chunk without a type", { text: "noon" }, "returned something in onChunk that is not a chunk"],
      [
        "a call without a name",
        { type: "tool_call", index: 0 },
        "returned something in onChunk that is not a chunk: tool_call: name",
      ],
      [
        "usage without counts",
        { type: "usage", usage: { input_tokens: 1 } },
        "returned something in onChunk that is not a chunk: usage: ",
      ],
      [
        "an item that is none",
        { type: "item", stage: "done" },
        "returned something in onChunk that is not a chunk: item: ",
      ],
      [
        "an item whose id is none",
        { type: "item", stage: "done", item: { type: "message", id: 7 } },
        "returned something in onChunk that is not a chunk: item: item.id",
      ],
      [
        "a stage that there is not",
        { type: "item", item: { type: "message" } },
        "returned something in onChunk that is not a chunk: item: stage",
      ],
      [
        "an event that is none",
        { type: "item_event" },
        "returned something in onChunk that is not a chunk: item_event: ",
      ],
      [
        "a part that there is not",
        { type: "part", part: "text" },
        "returned something in onChunk that is not a chunk: part: ",
      ],
      [
        "an annotation that is none",
        { type: "annotation" },
        "returned something in onChunk that is not a chunk: annotation: ",
      ],
      [
        "a reason that there is not",
        { type: "finish", reason: "end" },
        "returned something in onChunk that is not a chunk: finish: reason",
      ],
      ["true", true, "returned something in onChunk that is not a chunk: it is boolean"],
      [
        "a list in a list",
        [[text("noon")]],
        "returned something in onChunk that is not a chunk: it is a list",
      ],
    ])("takes %s for an error that names plugin and hook", async (_, returned, message) => {
      const { response } = await failing(() => returned as unknown as ModelChunk);
      expect(response.error?.message).toContain(`"tap" ${message}`);
    });

    it("goes on after a throw with onError: warn, which it logs", async () => {
      const { response, vr } = await answering(
        plugin("shaky", ({ hooks }) =>
          hooks.onChunk.tap({ onError: "warn" }, (chunk) => {
            if (chunk.type === "text" && chunk.text === "past ") throw new Error("oh");
            return chunk.type === "text" ? text(chunk.text.toUpperCase()) : undefined;
          }),
        ),
      );
      expect(wordsOf(response.output)).toBe("HALF past NOON");
      expect(vr.log.filter(({ level }) => level === "error")).toHaveLength(1);
    });

    it("goes on after a wrong return with onError: warn, as if nothing had been returned", async () => {
      const { response, vr } = await answering(
        plugin("shaky", ({ hooks }) =>
          hooks.onChunk.tap({ onError: "warn" }, ({ type }) =>
            type === "text" ? ([text("!"), { type: "words" }] as unknown as ModelChunk[]) : undefined,
          ),
        ),
      );
      expect(wordsOf(response.output)).toBe("half past noon");
      expect(vr.log.find(({ level }) => level === "error")?.fields).toMatchObject({ plugin: "shaky" });
    });

    it("does not undo a stop whose chunks before it are none: what is one passes", async () => {
      const { response, vr } = await answering(
        tapping((chunk) => {
          if (chunk.type === "text")
            throw new GuardrailStop("no", { before: [text("h"), { type: "text" }, "alf"] });
        }),
      );
      expect(response).toMatchObject({ status: "incomplete" });
      expect(wordsOf(response.output)).toBe("h");
      expect(vr.log.filter(({ level }) => level === "error")).toHaveLength(2);
    });

    it("ends the turn although a tap dropped its finish", async () => {
      const { response } = await answering(tapping((chunk) => (chunk.type === "finish" ? [] : undefined)));
      expect(response.status).toBe("completed");
      expect(wordsOf(response.output)).toBe("half past noon");
    });

    it("keeps the reason of a dropped finish", async () => {
      const { response } = await bothWays(() => ({
        plugins: [
          scripted([text("half a"), finish("length")]),
          tapping((chunk) => (chunk.type === "finish" ? [] : undefined)),
        ],
      }));
      expect(response).toMatchObject({
        status: "incomplete",
        incomplete_details: { reason: "max_output_tokens" },
      });
    });
  });

  /** A tap's failure in the first turn: 500 unstreamed, `response.failed` in a stream. */
  async function failing(tap: ChunkTap) {
    const make = () => ({ plugins: [scripted(says("half ", "past ", "noon")), tapping(tap)] });
    const plain = await (await startInProcess(make())).post();
    const vr = await startInProcess(make());
    const streamed = await vr.stream();
    expect(plain.status).toBe(500);
    expect(streamed.types.at(-1)).toBe("response.failed");
    expect(plain.error.message).toBe(streamed.response.error?.message);
    return { response: streamed.response, vr };
  }
});

describe("GuardrailStop in onChunk", () => {
  const at =
    (word: string): ChunkTap =>
    (chunk) => {
      if (chunk.type === "text" && chunk.text.includes(word)) throw new GuardrailStop("forbidden");
      if (chunk.type === "tool_arguments" && chunk.delta.includes(word)) throw new GuardrailStop("forbidden");
    };
  const isStopped = {
    status: "incomplete",
    incomplete_details: { reason: "content_filter" },
    error: null,
  };

  it("lets pass what came before, in the same read too, and nothing after", async () => {
    const { response } = await answering(tapping(at("past")));
    expect(response).toMatchObject(isStopped);
    expect(response.output).toMatchObject([{ type: "message", status: "incomplete" }]);
    expect(wordsOf(response.output)).toBe("half ");
  });

  it("lets pass what the guardrail gives along as still harmless", async () => {
    const { response } = await answering(
      tapping((chunk) => {
        if (chunk.type === "text" && chunk.text === "past ")
          throw new GuardrailStop("forbidden", { before: [text("pa")] });
      }),
    );
    expect(wordsOf(response.output)).toBe("half pa");
  });

  it("keeps the usage that came with what was cut off", async () => {
    const turn = [[text("half "), text("past "), usage(10, 7), finish()]];
    const vr = await startInProcess({ plugins: [scripted(turn), tapping(at("past"))] });
    const { response } = await vr.post({});
    expect(response).toMatchObject(isStopped);
    expect(response.usage?.total_tokens).toBe(17);
  });

  it("stops as the first thing of a response", async () => {
    const { response } = await answering(tapping(at("half")));
    expect(response).toMatchObject({ ...isStopped, output: [] });
  });

  it("stops from an asynchronous tap as from a synchronous one", async () => {
    const { response } = await answering(tapping(async (chunk, turn) => at("past")(chunk, turn)));
    expect(response).toMatchObject(isStopped);
    expect(wordsOf(response.output)).toBe("half ");
  });

  it("shows later taps what passes and the stop, which they cannot drop", async () => {
    const seen: string[] = [];
    const { response } = await answering(
      tapping(at("past"), "guard"),
      tapping((chunk) => {
        seen.push(chunk.type);
        return chunk.type === "stop" ? [] : undefined;
      }, "eraser"),
    );
    expect(response).toMatchObject(isStopped);
    expect(seen.slice(0, 2)).toEqual(["text", "stop"]);
  });

  it("cannot be undone by a later asynchronous tap either", async () => {
    const { response } = await answering(
      tapping(at("past"), "guard"),
      tapping(async (chunk) => (chunk.type === "stop" ? [] : undefined), "eraser"),
    );
    expect(response).toMatchObject(isStopped);
  });

  it("runs no tool, neither the gateway's nor the client's", async () => {
    const ran: unknown[] = [];
    const bomb = plugin("bomb", (vr) =>
      vr.tools.add({
        name: "explode",
        parameters: {},
        execute: (values) => {
          ran.push(values);
          return { kind: "output", output: "boom" };
        },
      }),
    );
    const { response } = await bothWays(
      () => ({
        plugins: [
          scripted([
            ...call("explode", { where: "here" }, 0),
            begin("weather", 1),
            args(1, '{"city":"Paris"'),
            text("and then"),
            finish("tool_calls"),
          ]),
          bomb,
          tapping(at("then")),
        ],
      }),
      { tools: [{ type: "function", name: "weather", parameters: {} }] },
    );
    expect(ran).toEqual([]);
    expect(response).toMatchObject(isStopped);
    expect(response.output).toMatchObject([
      { type: "mcp_call", status: "incomplete", arguments: '{"where":"here"}', output: null },
      { type: "function_call", status: "incomplete", arguments: '{"city":"Paris"' },
    ]);
  });

  it("lets the upstream go in the middle of its answer", async () => {
    const never = gate();
    const model = scripted([text("half "), text("past "), never.promise, finish("stop")]);
    const vr = await startInProcess({ plugins: [model, tapping(at("past"))] });
    const { response } = await vr.stream();
    expect(response).toMatchObject(isStopped);
    expect(model.released).toBe(1);
  });

  it("stores the response as it ended", async () => {
    const vr = await startInProcess({
      plugins: [scripted(says("half ", "past ", "noon")), tapping(at("past"))],
    });
    const { response } = await vr.stream();
    expect((await vr.get(response.id)).response).toEqual(response);
  });
});

describe("the cost of onChunk", () => {
  it("is one dispatch per read, however many chunks the read brought", async () => {
    let watch: readonly { calls: number }[] = [];
    const vr = await startInProcess({
      plugins: [
        scripted([[text("a"), text("b"), text("c")], [text("d"), text("e")], finish("stop")]),
        plugin("watch", (api) => {
          api.hooks.onChunk.tap(() => {});
          watch = api.taps();
        }),
      ],
    });
    await vr.stream();
    expect(watch.map(({ calls }) => calls)).toEqual([3]);
  });
});
