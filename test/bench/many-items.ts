/**
 * Requests that hold as many values as `limits.jsonValues` allows, four at once: how long `/health` takes meanwhile.
 * Gateway, model server and health probe are processes of their own.
 * Usage: node test/bench/many-items.ts [words of the kinds to try]
 */
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const VALUES = 200_000;
const AT_ONCE = 4;
const BAR_MS = 1_000;
const DB = "/tmp/vr-bench-many.db";

/** As many of `make(i)` as there may be, each of `size` values. */
const fill = <T>(size: number, make: (i: number) => T): T[] =>
  Array.from({ length: Math.floor((VALUES - 20) / size) }, (_, i) => make(i));
const user = { role: "user", content: "go" };
const parts = { type: "object", properties: { a: { type: "string" } } };

const mcpCall = (i: number) => ({
  type: "mcp_call",
  id: `mcp_${i}`,
  name: "f",
  server_label: "s",
  output: "1",
  arguments: "{}",
});
/** JSON in a string, of more values than all the rest may hold. */
const ARRAYS = `[${"[],".repeat(10_000_000)}1]`;

const KINDS: Record<string, () => object> = {
  "messages of a text": () => ({ input: fill(3, (i) => ({ role: "user", content: `t${i}` })) }),
  "messages of both sides": () => ({
    input: fill(3, (i) => ({ role: i % 2 ? "assistant" : "user", content: `t${i}` })),
  }),
  "messages of parts": () => ({
    input: fill(6, (i) => ({ role: "user", content: [{ type: "input_text", text: `t${i}` }] })),
  }),
  "a message of parts": () => ({
    input: [{ role: "user", content: fill(3, (i) => ({ type: "input_text", text: `t${i}` })) }],
  }),
  images: () => ({
    input: [
      { role: "user", content: fill(3, () => ({ type: "input_image", image_url: "https://a.example/b" })) },
    ],
  }),
  "calls and outputs": () => ({
    input: fill(9, (i) => [
      { type: "function_call", call_id: `c${i}`, name: "f", arguments: "{}" },
      { type: "function_call_output", call_id: `c${i}`, output: "1" },
    ]).flat(),
  }),
  "calls, then outputs": () => {
    const calls = fill(9, (i) => ({ type: "function_call", call_id: `c${i}`, name: "f", arguments: "{}" }));
    return {
      input: [
        ...calls,
        ...calls.map(({ call_id }) => ({ type: "function_call_output", call_id, output: "1" })),
      ],
    };
  },
  "outputs of parts": () => ({
    input: [
      { type: "function_call", call_id: "c", name: "f", arguments: "{}" },
      {
        type: "function_call_output",
        call_id: "c",
        output: fill(3, () => ({ type: "input_text", text: "a" })),
      },
    ],
  }),
  reasoning: () => ({
    input: [
      user,
      ...fill(5, (i) => ({ type: "reasoning", id: `rs_${i}`, summary: [], encrypted_content: "x" })),
    ],
  }),
  "MCP calls": () => ({
    input: [user, ...fill(7, mcpCall)],
  }),
  "MCP lists": () => ({
    input: [
      user,
      ...fill(7, (i) => ({
        type: "mcp_list_tools",
        id: `mcpl_${i}`,
        server_label: "s",
        tools: [{ name: "f" }],
      })),
    ],
  }),
  "an MCP list": () => ({
    input: [
      user,
      { type: "mcp_list_tools", id: "mcpl_1", server_label: "s", tools: fill(2, (i) => ({ name: `f${i}` })) },
    ],
  }),
  "approvals refused": () => ({
    input: [
      user,
      ...fill(9, (i) => [
        { type: "mcp_approval_request", id: `mcpr_${i}`, name: "f", server_label: "s", arguments: "{}" },
        { type: "mcp_approval_response", approval_request_id: `mcpr_${i}`, approve: false },
      ]).flat(),
    ],
  }),
  "approvals given": () => ({
    input: [
      user,
      ...fill(9, (i) => [
        { type: "mcp_approval_request", id: `mcpr_${i}`, name: "f", server_label: "s", arguments: "{}" },
        { type: "mcp_approval_response", approval_request_id: `mcpr_${i}`, approve: true },
      ]).flat(),
    ],
  }),
  "code interpreter calls": () => ({
    input: [
      user,
      ...fill(6, (i) => ({
        type: "code_interpreter_call",
        id: `ci_${i}`,
        code: "1",
        container_id: "c",
        status: "completed",
      })),
    ],
  }),
  "hosted calls": () => ({ input: [user, ...fill(3, (i) => ({ type: "web_search_call", id: `ws_${i}` }))] }),
  references: () => ({ input: [user, ...fill(3, () => ({ type: "item_reference", id: REFERENCE }))] }),
  functions: () => ({ input: "go", tools: fill(3, (i) => ({ type: "function", name: `f${i}` })) }),
  "functions with parameters": () => ({
    input: "go",
    tools: fill(8, (i) => ({ type: "function", name: `f${i}`, parameters: parts })),
  }),
  "a function with parameters": () => ({
    input: "go",
    tools: [
      {
        type: "function",
        name: "f",
        parameters: {
          type: "object",
          properties: Object.fromEntries(fill(2, (i) => [`p${i}`, { type: "string" }])),
        },
      },
    ],
  }),
  "hosted tools": () => ({ input: "go", tools: fill(2, () => ({ type: "web_search" })) }),
  "code interpreters": () => ({ input: "go", tools: fill(2, () => ({ type: "code_interpreter" })) }),
  "MCP servers": () => ({
    input: "go",
    tools: fill(4, (i) => ({ type: "mcp", server_label: `s${i}`, server_url: "https://127.0.0.1/" })),
  }),
  "allowed tools": () => ({
    input: "go",
    tools: fill(6, (i) => ({ type: "function", name: `f${i}` })),
    tool_choice: {
      type: "allowed_tools",
      mode: "auto",
      tools: fill(6, (i) => ({ type: "function", name: `f${i}` })),
    },
  }),
  "allowed hosted tools": () => ({
    input: "go",
    tools: fill(4, () => ({ type: "web_search" })),
    tool_choice: { type: "allowed_tools", mode: "auto", tools: fill(4, () => ({ type: "web_search" })) },
  }),
  include: () => ({ input: "go", include: fill(1, () => "reasoning.encrypted_content") }),
  metadata: () => ({ input: "go", metadata: Object.fromEntries(fill(1, (i) => [`k${i}`, "v"])) }),
  "unknown parameters": () => ({ input: "go", ...Object.fromEntries(fill(1, (i) => [`k${i}`, 1])) }),
  "an unknown parameter": () => ({ input: "go", extra: fill(1, () => 1) }),
  "an unknown parameter of arrays": () => ({ input: "go", extra: fill(1, () => []) }),
  "a union of objects": () => ({
    input: "go",
    tools: [
      {
        type: "function",
        name: "f",
        parameters: {
          anyOf: fill(6, (i) => ({ properties: { a: { const: i } }, required: ["a"] })),
        },
      },
    ],
  }),
  "MCP calls beside functions": () => ({
    input: [user, ...fill(14, mcpCall)],
    tools: fill(6, (i) => ({ type: "function", name: `f${i}` })),
  }),
  "arguments of arrays": () => ({
    input: [
      { type: "function_call", call_id: "c", name: "f", arguments: ARRAYS },
      { type: "function_call_output", call_id: "c", output: "1" },
    ],
  }),
  "many arguments of arrays": () => ({
    input: Array.from({ length: 80 }, (_, i) => [
      { type: "function_call", call_id: `c${i}`, name: "f", arguments: `{"a":[${"[],".repeat(130_000)}1]}` },
      { type: "function_call_output", call_id: `c${i}`, output: "1" },
    ]).flat(),
  }),
  "MCP results of arrays": () => ({
    input: [user, { ...mcpCall(0), output: `[{"type":"text","text":"","a":${ARRAYS}}]` }],
  }),
  "a text format": () => ({
    input: "go",
    text: {
      format: {
        type: "json_schema",
        name: "f",
        schema: {
          type: "object",
          properties: Object.fromEntries(fill(2, (i) => [`p${i}`, { type: "string" }])),
        },
      },
    },
  }),
};

/** An item of a response that has as many: found anew for each reference to it. */
let REFERENCE = "";

if (process.argv[2] === "upstream") upstream();
else if (process.argv[2] === "probe") await probe(process.argv[3] as string);
else await measure(process.argv.slice(2));

/** A model server that reads everything and says one word. */
function upstream(): void {
  const said = {
    choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
  };
  const server = createServer((req, res) => {
    req.resume().on("end", () => {
      res.setHeader("content-type", "application/json");
      res.end(JSON.stringify(req.method === "GET" ? { data: [{ id: "m" }] } : said));
    });
  }).listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
}

/** Asks for `/health` until told to stop, and then tells the longest that it took. */
async function probe(url: string): Promise<void> {
  let longest = 0;
  process.on("message", () => {
    process.send?.(longest);
    longest = 0;
  });
  for (;;) {
    const began = performance.now();
    await (await fetch(`${url}/health`)).text();
    longest = Math.max(longest, performance.now() - began);
    await sleep(5);
  }
}

async function measure(words: readonly string[]): Promise<void> {
  const script = process.argv[1] as string;
  const model = fork(script, ["upstream"]);
  const [port] = await once(model, "message");
  const gateway = spawn(process.execPath, ["core/cli.ts", "start", "--port", "0"], {
    env: {
      ...process.env,
      VR_UPSTREAM: `http://127.0.0.1:${port}/v1`,
      VR_DB_PATH: DB,
      VR_LOG_LEVEL: "error",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(gateway.stdout.setEncoding("utf8"), "data");
  const url = /http:\S+/.exec(line)?.[0] as string;
  const prober = fork(script, ["probe", url]);
  const longest = async () => {
    prober.send("tell");
    const [ms] = await once(prober, "message");
    return ms as number;
  };
  const ask = (body: string) =>
    fetch(`${url}/v1/responses`, { method: "POST", headers: { "content-type": "application/json" }, body });
  let worst = 0;
  try {
    const first = await ask(JSON.stringify({ model: "m", ...KINDS["messages of a text"]?.() }));
    const { id } = (await first.json()) as { id: string };
    const items = await (await fetch(`${url}/v1/responses/${id}/input_items?order=asc&limit=1`)).json();
    REFERENCE = (items as { first_id: string }).first_id;
    for (const [kind, make] of Object.entries(KINDS)) {
      if (words.length > 0 && !words.some((word) => kind.includes(word))) continue;
      const body = JSON.stringify({ model: "m", ...make() });
      await sleep(200);
      await longest();
      const began = performance.now();
      const statuses = await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          const answer = await ask(body);
          await answer.arrayBuffer();
          return answer.status;
        }),
      );
      const took = performance.now() - began;
      const health = await longest();
      worst = Math.max(worst, health);
      const size = `${(body.length / 1e6).toFixed(1)} MB`;
      console.log(
        `${kind.padEnd(32)} ${size.padStart(8)}  ${[...new Set(statuses)].join(",")}  ` +
          `answered in ${took.toFixed(0).padStart(6)} ms  /health within ${health.toFixed(0).padStart(6)} ms`,
      );
    }
    console.log(
      `/health within ${worst.toFixed(0)} ms: ${worst <= BAR_MS ? "within" : "over"} the bar of ${BAR_MS} ms`,
    );
  } finally {
    for (const child of [prober, gateway, model]) child.kill("SIGKILL");
    for (const end of ["", "-wal", "-shm"]) rmSync(`${DB}${end}`, { force: true });
  }
}
