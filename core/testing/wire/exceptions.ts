/** A JSON object of unknown shape. */
export type Json = Record<string, unknown>;

/** The reference, made from the types of OpenAI's SDK; OpenAI's older description; Open Responses. */
export type SchemaFile = "openai" | "openai-2026-08" | "openresponses";

interface Described {
  readonly schemas: readonly SchemaFile[];
  readonly what: string;
  readonly reason: string;
}

/** What vr knowingly sends and a schema file does not allow. */
interface Mask extends Described {
  /** What is looked at: every response, event or item inside the value. */
  readonly of: "response" | "event" | "item";
  /** Changes a copy of the object into what the file allows; leaves all else alone. */
  readonly mask: (object: Json) => void;
}

/** Where a schema file differs from what OpenAI's API sends. The generated types are corrected with it. */
interface Correction extends Described {
  readonly correct: (defs: Record<string, Json>) => void;
}

export type Exception = Mask | Correction;

/** All exceptions to validation. There are no others. */
export const EXCEPTIONS: readonly Exception[] = [
  {
    schemas: ["openai"],
    what: "output_text",
    reason: "the SDK adds it to what it received; no server sends it",
    correct: (defs) => forbid(defs, "Response", "output_text"),
  },
  {
    schemas: ["openai"],
    what: "access_programs is optional",
    reason: "only OpenAI's own server has such programs, and the types of the SDK require it",
    correct: (defs) => makeOptional(defs, "Response", "access_programs"),
  },
  {
    schemas: ["openai"],
    what: "usage: null",
    reason: "OpenAI's own server sends null before usage is known, and Open Responses requires the key",
    correct: (defs) => makeNullable(defs, "Response", "usage"),
  },
  {
    schemas: ["openai"],
    what: "null for optional fields that are echoed",
    reason:
      "OpenAI's own server sends null for what the client left out; the types have these absent instead",
    correct: (defs) => {
      for (const field of ["prompt_cache_options", "user"]) makeNullable(defs, "Response", field);
    },
  },
  {
    schemas: ["openai-2026-08"],
    of: "response",
    what: "user: null",
    reason: "as in the reference: OpenAI's own server sends null for what the client left out",
    mask: (response) => {
      if (response.user === null) delete response.user;
    },
  },
  {
    schemas: ["openai"],
    what: "cache_write_tokens is optional",
    reason: "servers that do not count it leave it out, and the types of the SDK require it",
    correct: (defs) => makeOptional(defs, "ResponseUsage.InputTokensDetails", "cache_write_tokens"),
  },
  {
    schemas: ["openai"],
    what: "name of response.function_call_arguments.done",
    reason: "OpenAI's server sends it and its older description requires it; the types of the SDK lack it",
    correct: (defs) => {
      propertiesOf(defs, "ResponseFunctionCallArgumentsDoneEvent").name = { type: "string" };
    },
  },
  {
    schemas: ["openai"],
    what: "description of tools and formats",
    reason: "the file was stripped of texts, and lost the properties of that name; the SDK's types have them",
    correct: restoreDescriptions,
  },
  {
    schemas: ["openai", "openai-2026-08"],
    of: "response",
    what: "error.code: context_length_exceeded",
    reason: "the enum is closed and lacks it, but Codex compacts the conversation when it sees this code",
    mask: ({ error }) => {
      if (isJson(error) && error.code === "context_length_exceeded") error.code = "invalid_prompt";
    },
  },
  {
    schemas: ["openai-2026-08"],
    of: "response",
    what: "usage: null",
    reason: "Open Responses requires the key before usage is known; OpenAI's own server sends null there",
    mask: (response) => {
      if (response.usage === null) delete response.usage;
    },
  },
  {
    schemas: ["openai", "openai-2026-08"],
    of: "response",
    what: "text.format.description: null",
    reason: "Open Responses requires the key; OpenAI's own server sends null when the client gave none",
    mask: (response) => {
      const format = formatOf(response);
      if (format?.description === null) delete format.description;
    },
  },
  {
    schemas: ["openai-2026-08"],
    of: "item",
    what: "mcp_approval_response without request_id",
    reason: "the file requires `request_id`, which it does not define: a slip for `approval_request_id`",
    mask: (item) => {
      if (item.type === "mcp_approval_response") item.request_id ??= item.approval_request_id;
    },
  },
  {
    schemas: ["openai", "openai-2026-08"],
    of: "event",
    what: "response.reasoning.delta and .done",
    reason: "the names that Open Responses gives to response.reasoning_text.*; a switch in the configuration",
    mask: (event) => rename(event, "response.reasoning.", "response.reasoning_text."),
  },
  {
    schemas: ["openresponses"],
    of: "event",
    what: "response.reasoning_text.delta and .done",
    reason: "the names that OpenAI gives to response.reasoning.*",
    mask: (event) => rename(event, "response.reasoning_text.", "response.reasoning."),
  },
  {
    schemas: ["openresponses"],
    of: "response",
    what: "text.format.schema",
    reason: "the file types an echoed JSON schema as null",
    mask: (response) => {
      const format = formatOf(response);
      if (format && isJson(format.schema)) format.schema = null;
    },
  },
  {
    schemas: ["openresponses"],
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

function restoreDescriptions(defs: Record<string, Json>): void {
  const text = { type: "string" };
  const textOrNull = { type: ["string", "null"] };
  for (const name of ["FunctionTool", "NamespaceTool.Function", "ToolSearchTool"]) {
    propertiesOf(defs, name).description = textOrNull;
  }
  for (const list of ["ConversationItem", "ResponseInputItem", "ResponseOutputItem"]) {
    propertiesOf(defs, `${list}.McpListTools.Tool`).description = textOrNull;
  }
  propertiesOf(defs, "ToolSearchOutputNamespaceTool.Function").description = textOrNull;
  for (const name of ["CustomTool", "InlineSkill", "LocalSkill", "NamespaceTool"]) {
    propertiesOf(defs, name).description = text;
  }
  propertiesOf(defs, "ToolSearchOutputNamespaceTool").description = text;
  propertiesOf(defs, "ResponseFormatTextJSONSchemaConfig").description = text;
}

/** The property may not be there. */
function forbid(defs: Record<string, Json>, name: string, property: string): void {
  makeOptional(defs, name, property);
  propertiesOf(defs, name)[property] = false;
}

function makeOptional(defs: Record<string, Json>, name: string, property: string): void {
  const def = defs[name] as { required: string[] };
  def.required = def.required.filter((required) => required !== property);
}

function makeNullable(defs: Record<string, Json>, name: string, property: string): void {
  const properties = propertiesOf(defs, name);
  properties[property] = { anyOf: [properties[property], { type: "null" }] };
}

function propertiesOf(defs: Record<string, Json>, name: string): Json {
  return (defs[name] as { properties: Json }).properties;
}

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
