import type { ResponseRequest } from "../protocol/request.ts";
import type {
  FunctionTool,
  IncludeEnum,
  OutputItem,
  ResponseError,
  Response as ResponseObject,
  ResponseUsage,
  Tool,
} from "../protocol/wire.ts";
import type { StoredResponse } from "../store.ts";

/** The part of a response object that changes during its life. */
export interface Life {
  status: "in_progress" | "completed" | "incomplete" | "failed" | "cancelled";
  output: OutputItem[];
  usage: ResponseUsage | null;
  error?: ResponseError;
  incompleteReason?: "max_output_tokens" | "content_filter";
}

interface EncodedParts {
  /** Without the closing brace. */
  head: string;
  output: string;
  /** Without the opening brace. */
  echo: string;
}

/** A constructor that returns its argument: a class that extends it adds its fields to that object. */
function itself(object: object): object {
  return object;
}
const Itself = itself as unknown as new (object: object) => object;

/**
 * The JSON of snapshots: a response is encoded once for all readers (wire, store). The JSON is a private field of the
 * object itself, which copies do not have. In a `WeakMap` it would stay in memory until a full garbage collection.
 */
class Encoded extends Itself {
  readonly #parts: EncodedParts;

  constructor(response: object, parts: EncodedParts) {
    super(response);
    this.#parts = parts;
  }

  static of(response: object): EncodedParts | undefined {
    return #parts in response ? response.#parts : undefined;
  }
}

/** The JSON text of a response object. */
export function encodeResponse(response: ResponseObject): string {
  const parts = Encoded.of(response);
  return parts ? `${parts.head},"output":${parts.output},${parts.echo}` : JSON.stringify(response);
}

/** The JSON text of what is stored of it: see `ResponseShell`. */
export function encodeShell(response: ResponseObject, include: ReadonlySet<IncludeEnum>): string {
  const parts = Encoded.of(response);
  if (parts && include.size === 0) return `${parts.head},${parts.echo}`;
  const { output: _output, ...shell } = response;
  return JSON.stringify({ ...shell, include: [...include] });
}

/** A stored response as its client saw it, or with more included. */
export function toShown(
  record: StoredResponse,
  maskFor: (include: ReadonlySet<IncludeEnum>) => (item: OutputItem) => OutputItem,
  more: ReadonlySet<IncludeEnum>,
): ResponseObject {
  const { include = [], ...shell } = record.response;
  const mask = maskFor(more.size === 0 ? new Set(include) : new Set([...include, ...more]));
  const output = record.items.filter((stored) => stored.turn !== undefined);
  return { ...shell, output: output.map((stored) => mask(stored.item as OutputItem)) } as ResponseObject;
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
    this.#echoJson = JSON.stringify(this.#echo).slice(1);
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
      usage: life.usage,
    };
    // `usage: null` until it is known is what OpenAI sends and Open Responses requires; its own schema has
    // the field optional instead.
    const response = { ...head, output: life.output, ...this.#echo } as unknown as ResponseObject;
    new Encoded(response, {
      head: JSON.stringify(head).slice(0, -1),
      output: life.output.length === 0 ? "[]" : JSON.stringify(life.output),
      echo: this.#echoJson,
    });
    return response;
  }
}

/** What of the request comes back in the response, with the defaults of what it left out. No secrets. */
function toEcho(request: ResponseRequest) {
  const { text, reasoning } = request;
  return {
    background: false,
    frequency_penalty: request.frequency_penalty ?? 0,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: request.max_tool_calls ?? null,
    metadata: request.metadata,
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    presence_penalty: request.presence_penalty ?? 0,
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

/** Credentials of `mcp` entries, and what of a URL may be one, stay with the gateway; a code interpreter's default container is named. */
function toEchoedTool(tool: Tool): Tool {
  if (tool.type === "function") return tool satisfies FunctionTool;
  if (tool.type === "code_interpreter") return { ...tool, container: tool.container ?? { type: "auto" } };
  if (tool.type !== "mcp") return tool;
  const { authorization: _authorization, headers: _headers, server_url, ...open } = tool;
  const host = server_url == null ? undefined : hostOf(server_url);
  return host === undefined ? open : { ...open, server_url: host };
}

/** Scheme and host. Many servers are given their token in path or query; OpenAI's API leaves them out too. */
function hostOf(address: string): string | undefined {
  const url = URL.parse(address);
  return url ? `${url.protocol}//${url.host}/` : undefined;
}
