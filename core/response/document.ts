import type { ResponseRequest } from "../protocol/request.ts";
import type {
  FunctionTool,
  OutputItem,
  ResponseError,
  Response as ResponseObject,
  ResponseUsage,
  Tool,
} from "../protocol/wire.ts";

/** The part of a response object that changes during its life. */
export interface Life {
  status: "in_progress" | "completed" | "incomplete" | "failed" | "cancelled";
  output: OutputItem[];
  usage: ResponseUsage | null;
  error?: ResponseError;
  incompleteReason?: "max_output_tokens" | "content_filter";
}

/** JSON texts of snapshots: a response is encoded once, however many readers (wire, store) it has. */
const encoded = new WeakMap<object, string>();

/** The JSON text of a response object. */
export function encodeResponse(response: ResponseObject): string {
  return encoded.get(response) ?? JSON.stringify(response);
}

/** Makes the snapshots of one response: what the request fixed is built and encoded once. */
export class ResponseDocument {
  readonly id: string;
  readonly #createdAt: number;
  readonly #model: string;
  readonly #echo: ReturnType<typeof toEcho>;
  readonly #echoJson: string;

  /** `createdAt` in seconds since the Unix epoch. */
  constructor(id: string, createdAt: number, model: string, request: ResponseRequest) {
    this.id = id;
    this.#createdAt = createdAt;
    this.#model = model;
    this.#echo = toEcho(request);
    this.#echoJson = JSON.stringify(this.#echo);
  }

  /** A response object of its own, never changed afterwards. */
  snapshot(life: Life): ResponseObject {
    const head = {
      id: this.id,
      object: "response" as const,
      created_at: this.#createdAt,
      completed_at: life.status === "completed" ? Math.floor(Date.now() / 1000) : null,
      status: life.status,
      error: life.error ?? null,
      incomplete_details: life.incompleteReason ? { reason: life.incompleteReason } : null,
      model: this.#model,
      output: life.output,
      usage: life.usage,
    };
    // `usage: null` until it is known is what OpenAI sends and Open Responses requires; its own schema has
    // the field optional instead.
    const response = { ...head, ...this.#echo } as unknown as ResponseObject;
    encoded.set(response, `${JSON.stringify(head).slice(0, -1)},${this.#echoJson.slice(1)}`);
    return response;
  }
}

/** What of the request comes back in the response, with the defaults of what it left out. No secrets. */
function toEcho(request: ResponseRequest) {
  const { text, reasoning } = request;
  return {
    background: false,
    frequency_penalty: 0,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: request.max_tool_calls ?? null,
    metadata: request.metadata,
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    presence_penalty: 0,
    previous_response_id: request.previous_response_id ?? null,
    prompt_cache_key: request.prompt_cache_key ?? null,
    prompt_cache_options: request.prompt_cache_options && {
      mode: "implicit",
      ttl: "30m",
      ...request.prompt_cache_options,
    },
    prompt_cache_retention: request.prompt_cache_retention,
    reasoning: { ...reasoning, effort: reasoning?.effort ?? null, summary: reasoning?.summary ?? null },
    safety_identifier: request.safety_identifier ?? null,
    service_tier: request.service_tier ?? "default",
    store: request.store,
    temperature: request.temperature ?? 1,
    text: { ...text, format: toFormat(text?.format) },
    tool_choice: request.tool_choice,
    tools: request.tools.map(toEchoedTool),
    top_logprobs: request.top_logprobs ?? 0,
    top_p: request.top_p ?? 1,
    truncation: request.truncation ?? "disabled",
    user: request.user,
  };
}

function toFormat(format: NonNullable<ResponseRequest["text"]>["format"]) {
  if (!format) return { type: "text" as const };
  if (format.type !== "json_schema") return format;
  return { ...format, description: format.description ?? null, strict: format.strict ?? false };
}

/** Credentials of `mcp` entries stay with the gateway; a code interpreter's default container is named. */
function toEchoedTool(tool: Tool): Tool {
  if (tool.type === "function") return tool satisfies FunctionTool;
  if (tool.type === "code_interpreter") return { ...tool, container: tool.container ?? { type: "auto" } };
  if (!("authorization" in tool || "headers" in tool)) return tool;
  const { authorization: _authorization, headers: _headers, ...open } = tool;
  return open;
}
