import type { wire } from "../../core/index.ts";

/** An event of the server's stream: the fields that are read. They may have any value. */
export interface ServerEvent {
  type?: unknown;
  output_index?: number;
  item_id?: string;
  item?: wire.OutputItem;
  part?: { type?: string };
  content_index?: number;
  summary_index?: number;
  delta?: unknown;
  text?: unknown;
  refusal?: unknown;
  arguments?: unknown;
  code?: unknown;
  annotation?: wire.Annotation;
  logprobs?: unknown;
  response?: ServerResponse;
  error?: unknown;
}

export interface ServerResponse {
  status?: string;
  output?: wire.OutputItem[] | null;
  usage?: wire.ResponseUsage | null;
  error?: unknown;
  incomplete_details?: { reason?: string } | null;
}
