import { describe, expect, it } from "vitest";
import type { Plugin, Turn, Vr } from "../../core/index.ts";
import { RefusedError, StoreError, UpstreamError, VrError } from "../../core/index.ts";
import { plugin } from "../helpers/both-ways.ts";
import { text } from "../helpers/chunks.ts";
import { type InProcessOptions, startInProcess } from "../helpers/in-process.ts";
import { calls, gate, type ScriptedTurn, says, scripted } from "../helpers/scripted.ts";
import { storeOf } from "../helpers/store-of.ts";

/** Says where it is, with the log that it is given and with its own. */
const speaking = (name: string, type: string): Plugin =>
  plugin(name, (vr) => {
    const say = (where: string, { log }: Pick<Turn, "log">) => {
      log.info({ where }, "given");
      vr.log.info({ where }, "own");
    };
    vr.hooks.beforeUpstream.tap((_, turn) => say("beforeUpstream", turn));
    vr.hooks.onChunk.tap((_, turn) => say("onChunk", turn));
    vr.hooks.onOutputItem.tap((_, turn) => say("onOutputItem", turn.response));
    vr.hooks.onToolCall.tap((_, turn) => say("onToolCall", turn));
    vr.hooks.onComplete.tap((_, context) => say("onComplete", context));
    vr.tools.kind({
      type,
      resolve: (_, context) => {
        say("resolve", context);
        return { tools: [] };
      },
    });
    vr.tools.add({
      name: `${name}_clock`,
      parameters: { type: "object", properties: {} },
      execute: async (_, turn) => {
        await Promise.resolve();
        say("execute", turn);
        return { kind: "output", output: "noon" };
      },
    });
  });

/** An upstream with words for the log. */
const model = (...turns: ScriptedTurn[]): Plugin => {
  const { setup } = scripted(...turns);
  return {
    name: "model",
    setup: (vr: Vr) =>
      setup({
        ...vr,
        upstreams: {
          ...vr.upstreams,
          add: (upstream) =>
            vr.upstreams.add({
              ...upstream,
              stream: (request, turn) => {
                turn.log.info({ where: "stream" }, "given");
                vr.log.info({ where: "stream" }, "own");
                return upstream.stream(request, turn);
              },
            }),
        },
      }),
  };
};

it.each(["post", "stream"] as const)(
  "every log that a plugin has names the plugin and the response, everywhere (%s)",
  async (way) => {
    const vr = await startInProcess({
      plugins: [
        model(calls(["one_clock", {}], ["two_clock", {}]), says("noon")),
        speaking("one", "web_search"),
        speaking("two", "file_search"),
      ],
    });
    const { response } = await vr[way]({ tools: [{ type: "web_search" }] });
    const said = vr.log.filter(({ fields }) => fields.where !== undefined);
    expect(said.every(({ fields }) => fields.response === response.id)).toBe(true);
    const places = (message: string, name: string) =>
      new Set(
        said
          .filter((line) => line.message === message && line.fields.plugin === name)
          .map(({ fields }) => fields.where),
      );
    const hooks = ["beforeUpstream", "onChunk", "onOutputItem", "onToolCall", "onComplete", "execute"];
    for (const message of ["given", "own"]) {
      expect(places(message, "one")).toEqual(new Set([...hooks, "resolve"]));
      expect(places(message, "two")).toEqual(new Set(hooks));
      expect(places(message, "model")).toEqual(new Set(["stream"]));
    }
  },
);

it("tells requests apart that run at the same time", async () => {
  const both = gate();
  let waiting = 0;
  const meeting = plugin("meeting", (vr) =>
    vr.hooks.beforeUpstream.tap(async (_, turn) => {
      if (++waiting === 2) both.open();
      await both.promise;
      vr.log.info({ really: turn.response.id }, "met");
    }),
  );
  const vr = await startInProcess({ plugins: [scripted(says("noon"), says("noon")), meeting] });
  await Promise.all([vr.post(), vr.stream()]);
  const met = vr.log.filter(({ message }) => message === "met");
  expect(met).toHaveLength(2);
  for (const { fields } of met) expect(fields.response).toBe(fields.really);
});

it("says nothing of a response that has ended, for what outlives it", async () => {
  const ended = gate();
  const told = gate();
  const lasting = plugin("lasting", (vr) => {
    vr.hooks.beforeUpstream.tap(() => {
      ended.promise.then(() => {
        vr.log.info({}, "the connection has closed");
        told.open();
      });
    });
  });
  const vr = await startInProcess({ plugins: [scripted(says("noon")), lasting] });
  await vr.post();
  ended.open();
  await told.promise;
  const line = vr.log.find(({ message }) => message === "the connection has closed");
  expect(line?.fields).toEqual({ plugin: "lasting" });
});

it("keeps what a plugin remembers of a turn and of a response, whichever way it asks", async () => {
  const seen: unknown[] = [];
  const remembering = plugin("remembering", ({ hooks }) => {
    hooks.beforeUpstream.tap((_, turn) => {
      turn.state("a", () => 1);
      turn.response.state("b", () => 2);
    });
    hooks.onOutputItem.tap((_, turn) => {
      seen.push(
        turn.state("a", () => 0),
        turn.response.state("b", () => 0),
        turn.index,
      );
    });
    hooks.onComplete.tap(
      (_, context) =>
        void seen.push(
          context.state("b", () => 0),
          context.turns,
        ),
    );
  });
  const vr = await startInProcess({ plugins: [scripted(says("noon")), remembering] });
  await vr.post();
  expect(seen).toEqual([1, 2, 0, 2, 1]);
});

describe("the plugin at fault", () => {
  const throwing = (hook: "beforeUpstream" | "onChunk" | "onOutputItem", make: () => unknown) =>
    plugin("doorman", ({ hooks }) => {
      const fail = () => {
        throw make();
      };
      if (hook === "beforeUpstream") hooks.beforeUpstream.tap(fail);
      else if (hook === "onChunk") hooks.onChunk.tap(fail);
      else hooks.onOutputItem.tap(fail);
    });
  const down = () => {
    throw new StoreError("the disk is full");
  };
  const kind = plugin("searching", ({ tools }) =>
    tools.kind({
      type: "web_search",
      resolve: () => {
        throw new VrError(400, "invalid_request_error", "no such engine");
      },
    }),
  );
  const faults: [what: string, fault: string | undefined, options: () => InProcessOptions, body?: object][] =
    [
      [
        "refused",
        "doorman",
        () => ({ plugins: [scripted(says("a")), throwing("beforeUpstream", () => new RefusedError("no"))] }),
      ],
      [
        "threw a bug",
        "doorman",
        () => ({ plugins: [scripted(says("a")), throwing("beforeUpstream", () => new Error("no"))] }),
      ],
      [
        "threw no error at all",
        "doorman",
        () => ({ plugins: [scripted(says("a")), throwing("beforeUpstream", () => "no")] }),
      ],
      [
        "failed at a chunk",
        "doorman",
        () => ({ plugins: [scripted(says("a")), throwing("onChunk", () => new Error("no"))] }),
      ],
      [
        "failed at an item",
        "doorman",
        () => ({ plugins: [scripted(says("a")), throwing("onOutputItem", () => new Error("no"))] }),
      ],
      ["is an upstream's", "scripted", () => ({ plugins: [scripted([new UpstreamError(502, "gone")])] })],
      [
        "is an upstream's in mid-answer",
        "scripted",
        () => ({ plugins: [scripted([text("a"), new UpstreamError(502, "gone")])] }),
      ],
      [
        "is a store's, for reading",
        "broken-store",
        () => ({ plugins: [], store: storeOf({ getHistory: down }) }),
        { previous_response_id: "resp_1" },
      ],
      [
        "is a store's, for writing",
        "broken-store",
        () => ({ plugins: [scripted(says("a"))], store: storeOf({ putResponse: async () => down() }) }),
      ],
      [
        "is a tool kind's",
        "searching",
        () => ({ plugins: [scripted(says("a")), kind] }),
        { tools: [{ type: "web_search" }] },
      ],
      [
        "is nobody: the request is wrong",
        undefined,
        () => ({ plugins: [scripted(says("a"))] }),
        { temperature: 9 },
      ],
      ["is nobody: there is no upstream", undefined, () => ({ plugins: [] })],
    ];

  it.each(faults)("%s: %s", async (_, fault, options, body) => {
    for (const way of ["post", "stream"] as const) {
      const vr = await startInProcess(options());
      await vr[way](body);
      const failures = vr.log.filter(({ message }) => /^a request (failed|was refused)$/.test(message));
      expect(failures.map(({ fields }) => fields.fault)).toEqual([fault]);
      expect(vr.log.filter(({ level }) => level === "error").length).toBeLessThanOrEqual(1);
    }
  });
});
