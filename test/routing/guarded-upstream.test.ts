import { beforeEach, describe, expect, it } from "vitest";
import type { Turn } from "../../core/context.ts";
import { ClientLeft, UpstreamError } from "../../core/errors.ts";
import { parseRequest } from "../../core/pipeline/parse.ts";
import type { ModelChunk } from "../../core/protocol/chunk.ts";
import type { ModelRequest } from "../../core/protocol/model-request.ts";
import { GuardedUpstream } from "../../core/routing/guarded-upstream.ts";
import { ResponseScope, TurnScope } from "../../core/scopes.ts";
import type { ForwardedAnswer, Upstream } from "../../core/upstream.ts";
import { checkUpstreamLimits, toGuardLimits, type UpstreamLimits } from "../../core/upstream-limits.ts";
import { finish, text } from "../helpers/chunks.ts";
import { recordingLog } from "../helpers/recording-log.ts";
import { gate, unlessAborted } from "../helpers/scripted.ts";

type Batch = readonly ModelChunk[];
type Step = Batch | Error | Promise<unknown>;

const WHOLE: Step[] = [[text("Hi")], [finish("stop")]];
const down = () => new UpstreamError(502, "connection refused");

let time: number;
let asked: number;
/** What the next calls bring, one each; afterwards they are whole. */
let scripts: (readonly Step[] | (() => never))[];
let answers: (() => Promise<ForwardedAnswer>)[];

beforeEach(() => {
  time = 0;
  asked = 0;
  scripts = [];
  answers = [];
});

async function* play(steps: readonly Step[], signal: AbortSignal): AsyncGenerator<Batch> {
  for (const step of steps) {
    if (step instanceof Error) throw step;
    if (step instanceof Promise) await unlessAborted(step, signal);
    else yield step as Batch;
  }
}

const plain: Upstream = {
  name: "a",
  description: "a test's",
  stream(_, turn) {
    asked++;
    const script = scripts.shift() ?? WHOLE;
    return typeof script === "function" ? script() : play(script, turn.signal);
  },
  models: async () => [],
  defaultModel: () => "m",
};

function guard(limits: UpstreamLimits, upstream = plain) {
  const { log, lines } = recordingLog();
  const checked = toGuardLimits(checkUpstreamLimits(limits, "test"), false);
  return Object.assign(new GuardedUpstream(upstream, checked, log, () => time), { lines });
}

function newTurn(signal = new AbortController().signal): Turn {
  const request = parseRequest({ model: "m", input: "hello" });
  return new TurnScope(0, new ResponseScope("resp_1", request, { signal }, signal, recordingLog().log));
}

const call = (upstream: Upstream, signal?: AbortSignal) =>
  upstream
    .stream({ model: "m", items: [] as const } as unknown as ModelRequest, newTurn(signal))
    [Symbol.asyncIterator]();

/** Reads as plugins may: whatever the end, nobody calls `return`. */
async function read(upstream: Upstream, signal?: AbortSignal): Promise<number> {
  const iterator = call(upstream, signal);
  for (let count = 0; ; count++) if ((await iterator.next()).done) return count;
}

const failing = (upstream: Upstream, signal?: AbortSignal) =>
  expect(read(upstream, signal)).rejects.toBeDefined();

const idle = { circuit: "closed", running: 0, queued: 0 };

describe("a place for a call", () => {
  it("is held from asking to the end", async () => {
    const upstream = guard({ maxConcurrent: 1 });
    const iterator = call(upstream);
    expect(upstream.state).toEqual(idle);
    await iterator.next();
    expect(upstream.state).toEqual({ ...idle, running: 1 });
    await iterator.next();
    expect((await iterator.next()).done).toBe(true);
    expect(upstream.state).toEqual(idle);
  });

  it.each<[string, readonly Step[] | (() => never)]>([
    ["an error before the first batch", [down()]],
    ["a refusal", [new UpstreamError(400, "no")]],
    ["an error in the middle", [[text("H")], down()]],
    ["an error of the plugin's own", [new TypeError("bug")]],
    ["an end without finish", [[text("H")]]],
    [
      "what stream itself throws",
      () => {
        throw down();
      },
    ],
  ])("is given back after %s", async (_, script) => {
    const upstream = guard({ maxConcurrent: 1, maxQueued: 0 });
    scripts.push(script);
    await read(upstream).catch(() => {});
    expect(upstream.state).toEqual(idle);
    expect(await read(upstream)).toBe(2);
  });

  it("is given back by a reader who leaves early, once however often", async () => {
    const upstream = guard({ maxConcurrent: 2 });
    const [one, other] = [call(upstream), call(upstream)];
    await Promise.all([one.next(), other.next()]);
    await one.return?.();
    await one.return?.();
    expect(upstream.state.running).toBe(1);
    expect((await one.next()).done).toBe(true);
    expect(upstream.state.running).toBe(1);
    await other.return?.();
    expect(upstream.state).toEqual(idle);
  });

  it("is not taken by a reader who leaves before it reads", async () => {
    const upstream = guard({ maxConcurrent: 1 });
    const iterator = call(upstream);
    await iterator.return?.();
    expect((await iterator.next()).done).toBe(true);
    expect([asked, upstream.state]).toEqual([0, idle]);
  });

  it("is given back when the client leaves in the middle of a call", async () => {
    const upstream = guard({ maxConcurrent: 1 });
    const client = new AbortController();
    scripts.push([gate().promise]);
    const reading = failing(upstream, client.signal);
    await expect.poll(() => asked).toBe(1);
    client.abort(new ClientLeft());
    await reading;
    expect(upstream.state).toEqual(idle);
  });
});

describe("a call that waits", () => {
  it("asks only when a place is free", async () => {
    const upstream = guard({ maxConcurrent: 1 });
    const first = call(upstream);
    await first.next();
    const second = read(upstream);
    expect(upstream.state).toEqual({ ...idle, running: 1, queued: 1 });
    expect(asked).toBe(1);
    await first.return?.();
    expect(await second).toBe(2);
    expect([asked, upstream.state]).toEqual([2, idle]);
  });

  it("is refused as busy when the queue is full, with Retry-After", async () => {
    const upstream = guard({ maxConcurrent: 1, maxQueued: 0 });
    const first = call(upstream);
    await first.next();
    await expect(read(upstream)).rejects.toMatchObject({
      status: 429,
      type: "rate_limit_error",
      code: "upstream_busy",
      headers: { "retry-after": "1" },
      message: expect.stringContaining('Upstream "a" is busy: all 1 places'),
    });
    await first.return?.();
    expect(upstream.state).toEqual(idle);
  });

  it("is refused as busy when it has waited too long", async () => {
    const upstream = guard({ maxConcurrent: 1, queueTimeoutMs: 1 });
    const first = call(upstream);
    await first.next();
    await expect(read(upstream)).rejects.toMatchObject({
      status: 429,
      code: "upstream_busy",
      message: expect.stringContaining("within 1 ms"),
    });
    await first.return?.();
    expect([asked, upstream.state]).toEqual([1, idle]);
  });

  it("leaves the queue with its client, or with its reader", async () => {
    const upstream = guard({ maxConcurrent: 1 });
    const first = call(upstream);
    await first.next();
    const client = new AbortController();
    const reason = new ClientLeft();
    const left = expect(read(upstream, client.signal)).rejects.toBe(reason);
    const returned = call(upstream);
    const step = returned.next();
    expect(upstream.state.queued).toBe(2);
    client.abort(reason);
    await left;
    await returned.return?.();
    expect((await step).done).toBe(true);
    expect(upstream.state).toEqual({ ...idle, running: 1 });
    await first.return?.();
    expect([asked, upstream.state]).toEqual([1, idle]);
  });

  it("is refused when the circuit opens before its turn", async () => {
    const upstream = guard({ maxConcurrent: 1, breakerFailures: 1 });
    const fails = gate();
    scripts.push([fails.promise, down()]);
    const first = failing(upstream);
    const waiting = [read(upstream), read(upstream)].map((reading) =>
      expect(reading).rejects.toMatchObject({ status: 503, code: "upstream_unavailable" }),
    );
    fails.open();
    await Promise.all([first, ...waiting]);
    expect([asked, upstream.state]).toEqual([1, { circuit: "open", running: 0, queued: 0 }]);
  });
});

describe("the circuit", () => {
  it.each<[string, Step[]]>([
    ["no connection", [down()]],
    ["an error of the server", [new UpstreamError(500, "oh")]],
    ["a timeout", [new UpstreamError(504, "late")]],
    ["a break in the middle", [[text("H")], down()]],
    ["an end without finish", [[text("H")]]],
    ["an end without anything", []],
  ])("opens by %s", async (_, script) => {
    const upstream = guard({ breakerFailures: 2 });
    scripts.push(script, script);
    for (let i = 0; i < 2; i++) await read(upstream).catch(() => {});
    await expect(read(upstream)).rejects.toMatchObject({
      status: 503,
      code: "upstream_unavailable",
      headers: { "retry-after": "10" },
    });
    expect([asked, upstream.state.circuit]).toEqual([2, "open"]);
    expect(upstream.lines).toMatchObject([{ level: "warn", fields: { upstream: "a" } }]);
  });

  it.each<[string, Step[]]>([
    ["429", [new UpstreamError(429, "slow down")]],
    ["400", [new UpstreamError(400, "no")]],
    ["401", [new UpstreamError(401, "who?")]],
    ["an error of the plugin's own", [new TypeError("bug")]],
  ])("does not open by %s", async (_, script) => {
    const upstream = guard({ breakerFailures: 1 });
    scripts.push(script);
    await failing(upstream);
    expect(await read(upstream)).toBe(2);
  });

  it("does not open by clients that leave", async () => {
    const upstream = guard({ breakerFailures: 1 });
    const client = new AbortController();
    scripts.push([[text("H")], gate().promise], [[text("H")], [text("i")]]);
    const iterator = call(upstream, client.signal);
    await iterator.next();
    client.abort(new ClientLeft());
    await expect(iterator.next()).rejects.toBeInstanceOf(ClientLeft);
    const other = call(upstream);
    await other.next();
    await other.return?.();
    expect(upstream.state).toEqual(idle);
  });

  it("half open, lets one of two calls through and closes by its first batch", async () => {
    const upstream = guard({ breakerFailures: 1, breakerOpenMs: 500 });
    const opens = gate();
    scripts.push([down()], [opens.promise, ...WHOLE]);
    await failing(upstream);
    time = 500;
    const trial = read(upstream);
    await expect(read(upstream)).rejects.toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    expect(upstream.state.circuit).toBe("half_open");
    opens.open();
    expect(await trial).toBe(2);
    expect(upstream.state.circuit).toBe("closed");
    expect(upstream.lines.map(({ level }) => level)).toEqual(["warn", "info"]);
  });

  it("half open, is tried again when the client of the trial leaves", async () => {
    const upstream = guard({ breakerFailures: 1, breakerOpenMs: 500 });
    const client = new AbortController();
    scripts.push([down()], [gate().promise]);
    await failing(upstream);
    time = 500;
    const trial = failing(upstream, client.signal);
    await expect.poll(() => asked).toBe(2);
    client.abort(new ClientLeft());
    await trial;
    expect(upstream.state).toEqual({ circuit: "half_open", running: 0, queued: 0 });
    expect(await read(upstream)).toBe(2);
    expect(upstream.state.circuit).toBe("closed");
  });

  it("open, does not ask for the default model either", async () => {
    const upstream = guard({ breakerFailures: 1 });
    scripts.push([down()]);
    expect(upstream.defaultModel(newTurn().signal)).toBe("m");
    await failing(upstream);
    expect(() => upstream.defaultModel(newTurn().signal)).toThrow("not asked at the moment");
  });

  const asking = (error: Error) => {
    const upstream = guard({ breakerFailures: 2 }, { ...plain, defaultModel: () => Promise.reject(error) });
    return { upstream, ask: (signal = newTurn().signal) => upstream.defaultModel(signal) };
  };
  const silent = new UpstreamError(504, "the model server did not list its models");

  it.each([
    ["answers in time", silent],
    [
      "can be reached",
      new UpstreamError(502, "no", { cause: Object.assign(new Error(), { code: "ECONNREFUSED" }) }),
    ],
  ])("opens when nobody %s who is asked for the default model", async (_, error) => {
    const { upstream, ask } = asking(error);
    await expect(ask()).rejects.toBe(error);
    expect(upstream.state.circuit).toBe("closed");
    await expect(ask()).rejects.toBe(error);
    expect(upstream.state.circuit).toBe("open");
    expect(ask).toThrow("not asked at the moment");
    time += 10_000;
    await expect(ask()).rejects.toBe(error);
    expect(upstream.state.circuit).toBe("open");
  });

  it("stays closed when a server that answers cannot name its model, or the client leaves", async () => {
    const unable = asking(new UpstreamError(502, "the model server lists no model"));
    const left = asking(silent);
    for (let i = 0; i < 3; i += 1) {
      await expect(unable.ask()).rejects.toThrow("lists no model");
      await expect(left.ask(AbortSignal.abort())).rejects.toBe(silent);
    }
    expect([unable.upstream.state.circuit, left.upstream.state.circuit]).toEqual(["closed", "closed"]);
  });
});

describe("forward", () => {
  const bytes = (...parts: (string | Error | Promise<unknown>)[]): AsyncIterable<Uint8Array> =>
    (async function* () {
      for (const part of parts) {
        if (part instanceof Error) throw part;
        if (typeof part === "string") yield Buffer.from(part);
        else await part;
      }
    })();
  const answered = (status: number, body: AsyncIterable<Uint8Array>) => async () => ({
    status,
    headers: {},
    body,
  });
  const forwarding: Upstream = {
    ...plain,
    native: true,
    forward: async () => {
      asked++;
      const answer = answers.shift();
      return (answer ?? answered(200, bytes("ok")))();
    },
  };
  const send = (upstream: Upstream, signal = new AbortController().signal) => {
    if (!upstream.forward) throw new Error("forwards nothing");
    return upstream.forward({ path: "/x", body: "{}", signal });
  };
  const textOf = async (body: AsyncIterable<Uint8Array>) => {
    let text = "";
    for await (const part of body) text += Buffer.from(part).toString();
    return text;
  };

  it("is there only where the upstream has it; native passes through", () => {
    expect(guard({}).forward).toBeUndefined();
    expect([guard({}).native, guard({}, forwarding).native]).toEqual([false, true]);
  });

  it("holds its place until the body has ended", async () => {
    const upstream = guard({ maxConcurrent: 1, maxQueued: 0 }, forwarding);
    const { body } = await send(upstream);
    await expect(send(upstream)).rejects.toMatchObject({ code: "upstream_busy" });
    expect(await textOf(body)).toBe("ok");
    expect(upstream.state).toEqual(idle);
  });

  it("gives its place back when the body breaks, is left, or never read", async () => {
    const upstream = guard({}, forwarding);
    answers.push(
      answered(200, bytes("h", down())),
      answered(200, bytes("h", "i")),
      answered(200, bytes("h")),
    );
    await expect(textOf((await send(upstream)).body)).rejects.toThrow("refused");
    for await (const _ of (await send(upstream)).body) break;
    expect(upstream.state.running).toBe(0);
    const client = new AbortController();
    await send(upstream, client.signal);
    expect(upstream.state.running).toBe(1);
    client.abort();
    expect(upstream.state).toEqual(idle);
  });

  it("counts 5xx and what it throws as failures, and passes other statuses", async () => {
    const upstream = guard({ breakerFailures: 2 }, forwarding);
    answers.push(answered(503, bytes("sorry")), async () => {
      throw down();
    });
    const answer = await send(upstream);
    expect([answer.status, await textOf(answer.body)]).toEqual([503, "sorry"]);
    await expect(send(upstream)).rejects.toThrow("refused");
    await expect(send(upstream)).rejects.toMatchObject({ code: "upstream_unavailable" });
    time = 10_000;
    answers.push(answered(429, bytes("slow")));
    expect((await send(upstream)).status).toBe(429);
    expect(upstream.state.circuit).toBe("closed");
  });
});
