/** Small hand-written streams that keep every rule, for the tests of the rules. */

type Json = Record<string, unknown>;
type Draft = Json & { type: string };
export type SampleEvent = Draft & { sequence_number: number };

/** A response without output that satisfies both schema files. */
export function sampleResponse(fields: Json = {}): Json {
  return {
    id: "resp_1",
    object: "response",
    created_at: 1_795_000_000,
    completed_at: null,
    status: "in_progress",
    error: null,
    incomplete_details: null,
    instructions: null,
    model: "test-model",
    output: [],
    parallel_tool_calls: true,
    metadata: {},
    tool_choice: "auto",
    tools: [],
    temperature: 1,
    top_p: 1,
    presence_penalty: 0,
    frequency_penalty: 0,
    top_logprobs: 0,
    background: false,
    store: true,
    service_tier: "default",
    truncation: "disabled",
    previous_response_id: null,
    max_output_tokens: null,
    max_tool_calls: null,
    prompt_cache_key: null,
    safety_identifier: null,
    reasoning: null,
    text: { format: { type: "text" } },
    usage: null,
    ...fields,
  };
}

export const USAGE = {
  input_tokens: 3,
  input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
  output_tokens: 2,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 5,
};

/** The events of one item at an output index. */
export type SampleItem = (output_index: number) => Draft[];

/** A whole stream: the items one after the other, then the terminal event. */
export function sampleStream(items: SampleItem[], end: Json = {}): SampleEvent[] {
  const events = items.flatMap((item, index) => item(index));
  const output = events.filter(({ type }) => type === "response.output_item.done").map(({ item }) => item);
  const status = String(end.status ?? "completed");
  const terminal = sampleResponse({ status, output, completed_at: 1_795_000_001, usage: USAGE, ...end });
  return numbered([
    { type: "response.created", response: sampleResponse() },
    { type: "response.in_progress", response: sampleResponse() },
    ...events,
    { type: `response.${status}`, response: terminal },
  ]);
}

export function numbered(drafts: Draft[]): SampleEvent[] {
  return drafts.map((draft, sequence_number) => ({ ...draft, sequence_number }));
}

/** A message of one part; `citations` are annotations that follow its deltas. */
export function messageItem(deltas: string[], citations: Json[] = []): SampleItem {
  return (output_index) => {
    const id = `msg_${output_index}`;
    const at = { item_id: id, output_index, content_index: 0 };
    const part = { type: "output_text", annotations: [], logprobs: [], text: "" };
    const full = { ...part, text: deltas.join(""), annotations: citations };
    const item = { id, type: "message", role: "assistant" };
    return [
      added(output_index, { ...item, status: "in_progress", content: [] }),
      { type: "response.content_part.added", ...at, part },
      ...deltas.map((delta) => ({ type: "response.output_text.delta", ...at, delta, logprobs: [] })),
      ...citations.map((annotation, annotation_index) => ({
        type: "response.output_text.annotation.added",
        ...at,
        annotation_index,
        annotation,
      })),
      { type: "response.output_text.done", ...at, text: full.text, logprobs: [] },
      { type: "response.content_part.done", ...at, part: full },
      done(output_index, { ...item, status: "completed", content: [full] }),
    ];
  };
}

export function refusalItem(deltas: string[]): SampleItem {
  return (output_index) => {
    const id = `msg_${output_index}`;
    const at = { item_id: id, output_index, content_index: 0 };
    const part = { type: "refusal", refusal: deltas.join("") };
    const item = { id, type: "message", role: "assistant" };
    return [
      added(output_index, { ...item, status: "in_progress", content: [] }),
      { type: "response.content_part.added", ...at, part: { type: "refusal", refusal: "" } },
      ...deltas.map((delta) => ({ type: "response.refusal.delta", ...at, delta })),
      { type: "response.refusal.done", ...at, refusal: part.refusal },
      { type: "response.content_part.done", ...at, part },
      done(output_index, { ...item, status: "completed", content: [part] }),
    ];
  };
}

export function reasoningItem(deltas: string[], events = "response.reasoning_text"): SampleItem {
  return (output_index) => {
    const id = `rs_${output_index}`;
    const at = { item_id: id, output_index, content_index: 0 };
    const part = { type: "reasoning_text", text: deltas.join("") };
    const item = { id, type: "reasoning", summary: [] };
    return [
      added(output_index, { ...item, content: [] }),
      { type: "response.content_part.added", ...at, part: { ...part, text: "" } },
      ...deltas.map((delta) => ({ type: `${events}.delta`, ...at, delta })),
      { type: `${events}.done`, ...at, text: part.text },
      { type: "response.content_part.done", ...at, part },
      done(output_index, { ...item, content: [part] }),
    ];
  };
}

export function functionCallItem(name: string, deltas: string[]): SampleItem {
  return (output_index) => {
    const id = `fc_${output_index}`;
    const at = { item_id: id, output_index };
    const item = { id, type: "function_call", call_id: `call_${output_index}`, name };
    const text = deltas.join("");
    return [
      added(output_index, { ...item, arguments: "", status: "in_progress" }),
      ...deltas.map((delta) => ({ type: "response.function_call_arguments.delta", ...at, delta })),
      { type: "response.function_call_arguments.done", ...at, name, arguments: text },
      done(output_index, { ...item, arguments: text, status: "completed" }),
    ];
  };
}

export function codeItem(deltas: string[]): SampleItem {
  return (output_index) => {
    const id = `ci_${output_index}`;
    const at = { item_id: id, output_index };
    const item = { id, type: "code_interpreter_call", container_id: "cntr_1", outputs: null };
    const code = deltas.join("");
    return [
      added(output_index, { ...item, code: "", status: "in_progress" }),
      { type: "response.code_interpreter_call.in_progress", ...at },
      ...deltas.map((delta) => ({ type: "response.code_interpreter_call_code.delta", ...at, delta })),
      { type: "response.code_interpreter_call_code.done", ...at, code },
      { type: "response.code_interpreter_call.interpreting", ...at },
      { type: "response.code_interpreter_call.completed", ...at },
      done(output_index, { ...item, code, status: "completed" }),
    ];
  };
}

export function mcpListItem(): SampleItem {
  return (output_index) => {
    const at = { item_id: `mcpl_${output_index}`, output_index };
    const tools = [{ name: "search", input_schema: { type: "object" } }];
    const item = { id: at.item_id, type: "mcp_list_tools", server_label: "docs" };
    return [
      added(output_index, { ...item, tools: [] }),
      { type: "response.mcp_list_tools.in_progress", ...at },
      { type: "response.mcp_list_tools.completed", ...at },
      done(output_index, { ...item, tools }),
    ];
  };
}

export function mcpCallItem(deltas: string[], error: Json | null = null): SampleItem {
  return (output_index) => {
    const at = { item_id: `mcp_${output_index}`, output_index };
    const item = { id: at.item_id, type: "mcp_call", server_label: "docs", name: "search" };
    const text = deltas.join("");
    const status = error ? "failed" : "completed";
    return [
      added(output_index, { ...item, arguments: "", status: "in_progress" }),
      { type: "response.mcp_call.in_progress", ...at },
      ...deltas.map((delta) => ({ type: "response.mcp_call_arguments.delta", ...at, delta })),
      { type: "response.mcp_call_arguments.done", ...at, arguments: text },
      { type: `response.mcp_call.${status}`, ...at },
      done(output_index, { ...item, arguments: text, status, output: error ? null : "found", error }),
    ];
  };
}

function added(output_index: number, item: Json): Draft {
  return { type: "response.output_item.added", output_index, item };
}

function done(output_index: number, item: Json): Draft {
  return { type: "response.output_item.done", output_index, item };
}
