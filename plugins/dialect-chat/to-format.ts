import type { ModelRequest } from "../../core/index.ts";
import type { ChatRequest } from "./chat-types.ts";
import type { ChatQuirks } from "./quirks.ts";

type Format = NonNullable<ModelRequest["format"]>;
type SchemaFormat = Extract<Format, { type: "json_schema" }>;

/** Asks for JSON, with a schema if there is one, in the server's own form. */
export function addFormat(body: ChatRequest, format: Format, quirks: ChatQuirks): void {
  if (format.type === "text") return;
  const form = quirks.structuredOutput;
  if (format.type === "json_object") {
    if (form === "format") body.format = "json";
    else body.response_format = { type: "json_object" };
  } else if (form === "json_schema") body.response_format = toResponseFormat(format);
  else if (form === "structured_outputs") body.structured_outputs = { json: format.schema };
  else if (form === "guided_json") body.guided_json = format.schema;
  else if (form === "format") body.format = format.schema;
  else body.response_format = { type: "json_object" };
}

/**
 * The schema as a text for the instructions, for servers that give JSON but support no schemas. `undefined` if there is
 * no schema, or the server supports it.
 */
export function schemaInWords(format: ModelRequest["format"], quirks: ChatQuirks): string | undefined {
  if (format?.type !== "json_schema" || quirks.structuredOutput !== "json_object") return undefined;
  const description = format.description === undefined ? "" : ` (${format.description})`;
  const schema = JSON.stringify(format.schema);
  return `Answer with one JSON value and nothing else: "${format.name}"${description}, valid against this JSON Schema:\n${schema}`;
}

function toResponseFormat(format: SchemaFormat): object {
  return {
    type: "json_schema",
    json_schema: {
      name: format.name,
      schema: format.schema,
      ...(format.description === undefined ? {} : { description: format.description }),
      ...(format.strict == null ? {} : { strict: format.strict }),
    },
  };
}
