import { z } from "zod";
import { isObject } from "./problem.ts";

/*
 * Calls of tools that a gateway or a model server runs, as clients send them back. Clients leave out fields that they
 * did not see, so everything except the names may be absent or null. Fields that are present must have the API's form,
 * since tool kinds read them.
 */

const name = z.string().min(1);
const text = z.string().nullish();
const texts = z.array(z.string()).nullish();

const codeOutput = z.discriminatedUnion("type", [
  z.object({ type: z.literal("logs"), logs: z.string() }),
  z.object({ type: z.literal("image"), url: z.string() }),
]);

export const codeInterpreterCall = z.object({
  id: name,
  status: text,
  container_id: text,
  code: text,
  outputs: z.array(codeOutput).nullish(),
});

const fileSearchResult = z.object({
  file_id: text,
  filename: text,
  score: z.number().nullish(),
  text,
  attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullish(),
});

export const fileSearchCall = z.object({
  id: name,
  status: text,
  queries: texts,
  results: z.array(fileSearchResult).nullish(),
});

const webSearchAction = z.object({
  type: name,
  query: text,
  queries: texts,
  url: text,
  pattern: text,
  sources: z.array(z.object({ type: name })).nullish(),
});

export const webSearchCall = z.object({ id: name, status: text, action: webSearchAction.nullish() });
export const imageGenerationCall = z.object({ id: name, status: text, result: text });

/** In earlier versions of the API an error was a string. */
const mcpError = z
  .unknown()
  .refine(
    (error) => typeof error === "string" || (isObject(error) && typeof error.type === "string"),
    "a string or an object with a type",
  );

export const mcpCall = z.object({
  id: name,
  name,
  server_label: name,
  status: text,
  arguments: text,
  output: text,
  error: mcpError.nullish(),
  approval_request_id: text,
});

const schema = z.record(z.string(), z.unknown());
const mcpTool = z.object({
  name: z.string(),
  description: text,
  input_schema: schema.nullish(),
  annotations: schema.nullish(),
});
export const mcpList = z.object({ id: name, server_label: name, tools: z.array(mcpTool), error: text });
export const approvalRequest = z.object({ id: name, name, server_label: name, arguments: z.string() });
export const approvalResponse = z.object({
  id: text,
  approval_request_id: name,
  approve: z.boolean(),
  reason: text,
});

/** An item of a type that the API does not know and a plugin owns. */
export const ownItem = z.object({ id: name });
