import { describe, expect, it } from "vitest";
import { HookSet } from "../../core/hook-set.ts";
import type { SealedHooks } from "../../core/hooks.ts";
import type { EndContext, Log, Plugin, Vr, wire } from "../../core/index.ts";
import { logger } from "../../plugins/logger/index.ts";

interface Line {
  level: string;
  fields: object;
  message: string;
}

function record(): { lines: Line[]; log: Log } {
  const lines: Line[] = [];
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, fields, message });
  const log: Log = {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: () => log,
  };
  return { lines, log };
}

interface Started {
  hooks: SealedHooks;
  lines: Line[];
  close(): void;
}

async function start(plugin: Plugin): Promise<Started> {
  const { lines, log } = record();
  const set = new HookSet();
  const closers: (() => unknown)[] = [];
  const vr = {
    hooks: set.facade(plugin.name),
    log,
    taps: () => set.taps,
    onClose: (close: () => unknown) => void closers.push(close),
  };
  await plugin.setup(vr as unknown as Vr);
  const close = () => {
    for (const closer of closers) closer();
  };
  return { hooks: set.seal({ log, limitMs: 10_000 }), lines, close };
}

function contextOf(log: Log): EndContext {
  return { id: "resp_1", elapsedMs: 5_000, turns: 2, log } as unknown as EndContext;
}

const response = {
  id: "resp_1",
  object: "response",
  status: "completed",
  model: "demo",
  error: null,
  incomplete_details: null,
  output: [
    {
      type: "reasoning",
      id: "rs_1",
      summary: [],
      content: [{ type: "reasoning_text", text: "secret thought" }],
    },
    {
      type: "mcp_call",
      id: "mcp_1",
      server_label: "clock",
      name: "now",
      arguments: '{"a":"secret"}',
      output: "secret",
    },
    { type: "mcp_call", id: "mcp_2", server_label: "clock", name: "now", arguments: "{}", output: "noon" },
    {
      type: "code_interpreter_call",
      id: "ci_1",
      status: "completed",
      container_id: "c",
      code: "1",
      outputs: null,
    },
  ],
  usage: {
    input_tokens: 10,
    input_tokens_details: { cached_tokens: 4, cache_write_tokens: 0 },
    output_tokens: 7,
    output_tokens_details: { reasoning_tokens: 2 },
    total_tokens: 17,
  },
} as unknown as wire.Response;

async function finish({ hooks, lines }: Started, finished: wire.Response): Promise<Line[]> {
  const context = contextOf(record().log);
  await hooks.onComplete?.(finished, context);
  return lines;
}

describe("logger", () => {
  it("writes one line per finished response", async () => {
    const lines = await finish(await start(logger()), response);
    expect(lines).toEqual([
      {
        level: "info",
        message: "response completed",
        fields: {
          id: "resp_1",
          status: "completed",
          model: "demo",
          ms: expect.any(Number),
          turns: 2,
          tools: { now: 2, code_interpreter: 1 },
          usage: { input: 10, cached: 4, output: 7, reasoning: 2 },
        },
      },
    ]);
  });

  it("counts milliseconds from the request's start", async () => {
    const [line] = await finish(await start(logger({ fields: ["ms"] })), response);
    expect(line?.fields).toEqual({ ms: expect.toSatisfy((ms: number) => ms >= 5_000) });
  });

  it("writes nothing of what was said", async () => {
    expect(JSON.stringify(await finish(await start(logger()), response))).not.toContain("secret");
  });

  it("names an error's code without its message", async () => {
    const error = { code: "server_error", message: "secret" } as const;
    const lines = await finish(await start(logger({ level: "warn" })), {
      ...response,
      status: "failed",
      error,
    });
    expect(lines).toMatchObject([
      { level: "warn", message: "response failed", fields: { error: "server_error" } },
    ]);
    expect(JSON.stringify(lines)).not.toContain("secret");
  });

  it("says why a response is incomplete", async () => {
    const incomplete_details = { reason: "content_filter" } as const;
    const lines = await finish(await start(logger()), {
      ...response,
      status: "incomplete",
      incomplete_details,
    });
    expect(lines[0]?.fields).toMatchObject({ incomplete: "content_filter" });
  });

  it("writes only the fields that it was given", async () => {
    const lines = await finish(await start(logger({ fields: ["id", "turns"] })), response);
    expect(lines[0]?.fields).toEqual({ id: "resp_1", turns: 2 });
  });

  it("writes what the taps have cost when the gateway stops, if told to", async () => {
    const started = await start(logger({ taps: true }));
    await finish(started, response);
    started.lines.length = 0;
    started.close();
    expect(started.lines.map(({ fields }) => fields)).toEqual([
      expect.objectContaining({
        tap: "logger",
        hook: "onComplete",
        calls: 1,
        errors: 0,
        totalMs: expect.any(Number),
      }),
    ]);
  });
});
