/** Tools for every kind of day, without the SDK: what they send is not looked at by anything before it leaves. */
type Json = Record<string, unknown>;

/** What a tool may do beside answering. */
export interface Wire {
  /** Any message, or text that is not a message. */
  send(message: Json | string): void;
  /** Ends the server. */
  die(): void;
  /** Says what happens. */
  note(what: string): void;
  /** Ids of calls that the client has cancelled. */
  cancelled: unknown[];
}

interface OddTool {
  description?: string;
  inputSchema?: unknown;
  annotations?: Json;
  /** `undefined`: no answer, now or ever. */
  run?(
    args: Json,
    wire: Wire,
    request: { id: unknown; params: Json },
  ): Json | undefined | Promise<Json | undefined>;
}

const text = (words: string): Json => ({ content: [{ type: "text", text: words }] });
const object = (properties: Json, required: string[] = []): Json => ({
  type: "object",
  properties,
  required,
});
/** A picture of one pixel. */
export const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

export class RpcError extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export const oddTools: Record<string, OddTool> = {
  echo: {
    description: "Says it again.",
    annotations: { readOnlyHint: true },
    inputSchema: object({ text: { type: "string" } }, ["text"]),
    run: ({ text: words }) => text(String(words)),
  },
  "odd.name/with spaces": { inputSchema: object({}), run: () => text("odd") },
  no_arguments: { run: (args) => text(JSON.stringify(args)) },
  referring: {
    inputSchema: {
      $schema: "http://json-schema.org/draft-07/schema#",
      type: "object",
      properties: {
        place: { $ref: "#/definitions/place" },
        tags: { type: "array", items: { type: "string" } },
      },
      required: ["place"],
      definitions: {
        place: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
      },
    },
    run: (args) => text(JSON.stringify(args)),
  },
  broken_schema: {
    inputSchema: { type: "object", properties: { a: { $ref: "#/nowhere" } } },
    run: () => text("ran"),
  },
  fails: { run: ({ words = 1 }) => ({ ...text("out of paper".repeat(Number(words))), isError: true }) },
  refuses: {
    run: () => {
      throw new RpcError(-32_055, "not today");
    },
  },
  leaks: {
    run: () => {
      throw new RpcError(-32_000, `the token ${process.env.ODD_TOKEN} is wrong`);
    },
  },
  picture: {
    run: () => ({
      content: [
        { type: "text", text: "a pixel" },
        { type: "image", data: PIXEL, mimeType: "image/png" },
      ],
    }),
  },
  resources: {
    run: () => ({
      content: [
        {
          type: "resource",
          resource: { uri: "file:///a.txt", mimeType: "text/plain", text: "inside a.txt" },
        },
        { type: "resource", resource: { uri: "file:///b.bin", mimeType: "application/zip", blob: "AAAA" } },
        { type: "resource_link", uri: "https://example.com/c", name: "c", description: "the third" },
        { type: "audio", data: "AAAA", mimeType: "audio/wav" },
        { type: "hologram", depth: 3 },
      ],
    }),
  },
  structured: { run: () => ({ content: [], structuredContent: { sum: 3 } }) },
  structured_twice: { run: () => ({ ...text('{ "sum": 3 }'), structuredContent: { sum: 3 } }) },
  wants_a_list: {
    inputSchema: { type: "array", items: { type: "string" } },
    run: (args) => text(JSON.stringify(args)),
  },
  odd_parts: { run: () => ({ content: [{ type: "text", text: "whole" }, { words: "no type" }, "bare"] }) },
  no_content: { run: () => ({ content: null }) },
  malformed: {
    run: (_, { send }, { id }) => {
      send({ jsonrpc: "2.0", id, result: "a string" });
      return undefined;
    },
  },
  malformed_error: {
    run: (_, { send }, { id }) => {
      send({ jsonrpc: "2.0", id, error: { code: 1.5, message: "half an error" } });
      return undefined;
    },
  },
  malformed_whole: {
    run: (_, { send }, { id }) => {
      send({ jsonrpc: "2.0", id, result: { content: [] }, beside: "it" });
      return undefined;
    },
  },
  nobodys_error: {
    run: (_, { send }) => {
      send({ jsonrpc: "2.0", id: null, error: { code: -32_700, message: "what was that?" } });
      return undefined;
    },
  },
  no_result: { run: () => ({ content: "none" }) },
  big: { run: ({ bytes }) => text("x".repeat(Number(bytes))) },
  hangs: {
    run: (_, { note }) => {
      note("hanging");
      return undefined;
    },
  },
  cancelled: { run: (_, { cancelled }) => text(JSON.stringify(cancelled)) },
  dies: {
    run: (_, { die }) => {
      die();
      return undefined;
    },
  },
  garbage: {
    run: (_, { send }) => {
      send("Listening on port 3000");
      send('{"jsonrpc": "1.0", "id": 1}');
      send("{ not json");
      return text("all the same");
    },
  },
  /** Says something every 50 ms, `times` times, then answers. */
  progresses: {
    run: async ({ times }, { send }, { params }) => {
      const { progressToken } = (params._meta ?? {}) as Json;
      for (let progress = 1; progress <= Number(times); progress++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        send({ jsonrpc: "2.0", method: "notifications/progress", params: { progressToken, progress } });
      }
      return text("there at last");
    },
  },
  changes: {
    run: (_, { send }) => {
      oddTools.newcomer = { description: "Came later.", run: () => text("new here") };
      delete oddTools.echo;
      send({ jsonrpc: "2.0", method: "notifications/tools/list_changed" });
      return text("changed");
    },
  },
  pid: { run: () => text(String(process.pid)) },
};

/** Answers one message. `pageSize`: tools in one page of `tools/list`; `only`: what it lists of them. */
export async function answer(
  message: Json,
  wire: Wire,
  pageSize = 1_000,
  only?: readonly string[],
): Promise<void> {
  const { id, method } = message;
  const params = (message.params ?? {}) as Json;
  const reply = (result: Json) => wire.send({ jsonrpc: "2.0", id, result });
  if (method === "initialize")
    return reply({
      protocolVersion: params.protocolVersion,
      capabilities: { tools: { listChanged: true } },
      serverInfo: { name: "odd", version: "1" },
    });
  if (method === "notifications/cancelled") {
    wire.note("a call was cancelled");
    wire.cancelled.push(params.requestId);
  }
  if (method === "tools/list") return reply(page(Number(params.cursor ?? 0), pageSize, only));
  if (method !== "tools/call") return;
  try {
    const tool = oddTools[String(params.name)];
    if (!tool?.run) throw new RpcError(-32_602, `there is no tool "${params.name}"`);
    const result = await tool.run((params.arguments ?? {}) as Json, wire, { id, params });
    if (result) reply(result);
  } catch (error) {
    const { code, message } = error as RpcError;
    wire.send({ jsonrpc: "2.0", id, error: { code, message } });
  }
}

function page(from: number, size: number, only?: readonly string[]): Json {
  // One of them twice: servers do such things.
  const tools = [...Object.entries(oddTools), ["fails", oddTools.fails ?? {}] as const];
  const listed = only ? tools.filter(([name]) => only.includes(name)) : tools;
  const all = listed.map(([name, { description, inputSchema, annotations }]) => ({
    name,
    ...(description && { description }),
    inputSchema: inputSchema ?? { type: "object" },
    ...(annotations && { annotations }),
  }));
  const next = from + size;
  return { tools: all.slice(from, next), ...(next < all.length && { nextCursor: String(next) }) };
}
