import {
  type EndContext,
  type Failure,
  type FailureFields,
  failureFields,
  type wire,
} from "../../core/index.ts";

/** The fields of a line about a response. Absent values are left out. */
export interface Summary extends Partial<FailureFields> {
  id: string;
  status: string | undefined;
  model?: string;
  /** Milliseconds from the request to the end. */
  ms: number;
  /** The number of model calls. */
  turns: number;
  /** Tool calls by name: functions and MCP tools by their own, hosted tools by their item's type. */
  tools?: Record<string, number>;
  usage?: { input: number; cached: number; output: number; reasoning: number };
  /** The `code` of the response's error. */
  error?: string;
  incomplete?: string;
  /** For a failure: the HTTP request, and the status that the client received. */
  method?: string;
  path?: string;
  httpStatus?: number;
}

export function summarize(response: wire.Response, context: EndContext): Summary {
  const { id, status, model, usage, error, incomplete_details } = response;
  const summary: Summary = { id, status, ms: Math.round(context.elapsedMs), turns: context.turns };
  if (model) summary.model = model;
  const tools = countCalls(response.output);
  if (tools) summary.tools = tools;
  if (usage)
    summary.usage = {
      input: usage.input_tokens,
      cached: usage.input_tokens_details?.cached_tokens ?? 0,
      output: usage.output_tokens,
      reasoning: usage.output_tokens_details?.reasoning_tokens ?? 0,
    };
  if (error) summary.error = error.code;
  if (incomplete_details?.reason) summary.incomplete = incomplete_details.reason;
  if (context.failure) Object.assign(summary, explain(context.failure, context));
  return summary;
}

function explain(failure: Failure, { caller, httpStatus }: EndContext): Partial<Summary> {
  return {
    ...(caller.method === undefined ? {} : { method: caller.method }),
    ...(caller.path === undefined ? {} : { path: caller.path }),
    httpStatus,
    ...failureFields(failure),
  };
}

function countCalls(output: readonly wire.OutputItem[]): Record<string, number> | undefined {
  let counts: Record<string, number> | undefined;
  for (const item of output) {
    if (!item.type.endsWith("_call")) continue;
    const name = "name" in item && item.name ? item.name : item.type.replace(/_call$/, "");
    counts ??= {};
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
