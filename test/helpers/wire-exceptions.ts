/** A JSON object of unknown shape. */
export type Json = Record<string, unknown>;

export type SchemaFile = "openai" | "openresponses";

/** Where vr knowingly says something that one of the two schema files does not allow. */
export interface Exception {
  readonly schema: SchemaFile;
  /** What is looked at: every response, event or item inside the value. */
  readonly of: "response" | "event" | "item";
  readonly what: string;
  readonly reason: string;
  /** Changes a copy of the object into what the file allows; leaves all else alone. */
  readonly mask: (object: Json) => void;
}

/** All exceptions to validation. There are no others. */
export const EXCEPTIONS: readonly Exception[] = [
  {
    schema: "openai",
    of: "response",
    what: "error.code: context_length_exceeded",
    reason: "the enum is closed and lacks it, but Codex compacts the conversation when it sees this code",
    mask: ({ error }) => {
      if (isJson(error) && error.code === "context_length_exceeded") error.code = "invalid_prompt";
    },
  },
  {
    schema: "openai",
    of: "response",
    what: "usage: null",
    reason: "Open Responses requires the key before usage is known; OpenAI's own server sends null there",
    mask: (response) => {
      if (response.usage === null) delete response.usage;
    },
  },
  {
    schema: "openai",
    of: "response",
    what: "text.format.description: null",
    reason: "Open Responses requires the key; OpenAI's own server sends null when the client gave none",
    mask: (response) => {
      const format = formatOf(response);
      if (format?.description === null) delete format.description;
    },
  },
  {
    schema: "openai",
    of: "item",
    what: "mcp_approval_response without request_id",
    reason: "the file requires `request_id`, which it does not define: a slip for `approval_request_id`",
    mask: (item) => {
      if (item.type === "mcp_approval_response") item.request_id ??= item.approval_request_id;
    },
  },
  {
    schema: "openai",
    of: "event",
    what: "response.reasoning.delta and .done",
    reason: "the names that Open Responses gives to response.reasoning_text.*; a switch in the configuration",
    mask: (event) => rename(event, "response.reasoning.", "response.reasoning_text."),
  },
  {
    schema: "openresponses",
    of: "event",
    what: "response.reasoning_text.delta and .done",
    reason: "the names that OpenAI gives to response.reasoning.*",
    mask: (event) => rename(event, "response.reasoning_text.", "response.reasoning."),
  },
  {
    schema: "openresponses",
    of: "response",
    what: "text.format.schema",
    reason: "the file types an echoed JSON schema as null",
    mask: (response) => {
      const format = formatOf(response);
      if (format && isJson(format.schema)) format.schema = null;
    },
  },
  {
    schema: "openresponses",
    of: "response",
    what: "reasoning.effort: minimal and max",
    reason: "its enum is older than OpenAI's and lacks them",
    mask: ({ reasoning }) => {
      if (isJson(reasoning) && (reasoning.effort === "minimal" || reasoning.effort === "max")) {
        reasoning.effort = "low";
      }
    },
  },
];

export function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function formatOf(response: Json): Json | undefined {
  const { text } = response;
  return isJson(text) && isJson(text.format) ? text.format : undefined;
}

function rename(event: Json, from: string, to: string): void {
  const { type } = event;
  if (typeof type === "string" && type.startsWith(from)) event.type = `${to}${type.slice(from.length)}`;
}
