import type { CLIENT_EVENT_TYPES, EVENT_TYPES, ITEM_TYPES, TOOL_TYPES } from "./api-types.ts";

/** The file of a test, under `test/`, and its name: it emits or takes this type. */
export interface ByTest {
  readonly file: string;
  readonly test: string;
}

/*
 * What vr does with every type that the API has. A type that a newer schema brings fails the build until it has
 * its entry here; `coverage.test.ts` shows that each entry is true.
 */

const NATIVE: ByTest = {
  file: "wire/emitted.test.ts",
  test: "come from a server that speaks the Responses API",
};
const ENDINGS: ByTest = { file: "wire/emitted.test.ts", test: "begin and end every response" };
const GATEWAY_TOOL: ByTest = { file: "wire/emitted.test.ts", test: "show the calls of the gateway's tools" };
const MCP_LIST: ByTest = {
  file: "pipeline/presentations.test.ts",
  test: "opens the stream with what the server offers, in its own order of events",
};

/** Events of streams and of WebSockets. */
export const EVENTS: Record<(typeof EVENT_TYPES)[number], ByTest | "not built"> = {
  error: "not built",
  "response.audio.delta": "not built",
  "response.audio.done": "not built",
  "response.audio.transcript.delta": "not built",
  "response.audio.transcript.done": "not built",
  "response.code_interpreter_call.completed": NATIVE,
  "response.code_interpreter_call.in_progress": NATIVE,
  "response.code_interpreter_call.interpreting": NATIVE,
  "response.code_interpreter_call_code.delta": NATIVE,
  "response.code_interpreter_call_code.done": NATIVE,
  "response.compaction.compacting": "not built",
  "response.completed": ENDINGS,
  "response.content_part.added": NATIVE,
  "response.content_part.done": NATIVE,
  "response.created": ENDINGS,
  "response.custom_tool_call_input.delta": "not built",
  "response.custom_tool_call_input.done": "not built",
  "response.failed": ENDINGS,
  "response.file_search_call.completed": NATIVE,
  "response.file_search_call.in_progress": NATIVE,
  "response.file_search_call.searching": NATIVE,
  "response.function_call_arguments.delta": NATIVE,
  "response.function_call_arguments.done": NATIVE,
  "response.image_generation_call.completed": NATIVE,
  "response.image_generation_call.generating": NATIVE,
  "response.image_generation_call.in_progress": NATIVE,
  "response.image_generation_call.partial_image": NATIVE,
  "response.in_progress": ENDINGS,
  "response.incomplete": ENDINGS,
  "response.mcp_call.completed": GATEWAY_TOOL,
  "response.mcp_call.failed": GATEWAY_TOOL,
  "response.mcp_call.in_progress": GATEWAY_TOOL,
  "response.mcp_call_arguments.delta": GATEWAY_TOOL,
  "response.mcp_call_arguments.done": GATEWAY_TOOL,
  "response.mcp_list_tools.completed": MCP_LIST,
  "response.mcp_list_tools.failed": {
    file: "plugins/mcp/bad-days.test.ts",
    test: "fails its list with the reason, and the response goes on",
  },
  "response.mcp_list_tools.in_progress": MCP_LIST,
  "response.output_item.added": NATIVE,
  "response.output_item.done": NATIVE,
  "response.output_text.annotation.added": NATIVE,
  "response.output_text.delta": NATIVE,
  "response.output_text.done": NATIVE,
  "response.queued": "not built",
  "response.reasoning_summary_part.added": NATIVE,
  "response.reasoning_summary_part.done": NATIVE,
  "response.reasoning_summary_text.delta": NATIVE,
  "response.reasoning_summary_text.done": NATIVE,
  "response.reasoning_text.delta": NATIVE,
  "response.reasoning_text.done": NATIVE,
  "response.refusal.delta": NATIVE,
  "response.refusal.done": NATIVE,
  "response.shell_call_command.added": "not built",
  "response.shell_call_command.delta": "not built",
  "response.shell_call_command.done": "not built",
  "response.shell_call_output_content.delta": "not built",
  "response.shell_call_output_content.done": "not built",
  "response.steer.accepted": "not built",
  "response.steer.failed": "not built",
  "response.steer.pending": "not built",
  "response.web_search_call.completed": NATIVE,
  "response.web_search_call.in_progress": NATIVE,
  "response.web_search_call.searching": NATIVE,
};

/** What clients send over a WebSocket. */
export const CLIENT_EVENTS: Record<(typeof CLIENT_EVENT_TYPES)[number], ByTest | "not built"> = {
  "response.create": "not built",
  "response.steer": "not built",
};

/** What a request may have in its input: fields of one that is accepted, or the 400 that names its type. */
export const ITEMS: Record<(typeof ITEM_TYPES)[number], object | "refused"> = {
  additional_tools: "refused",
  apply_patch_call: "refused",
  apply_patch_call_output: "refused",
  code_interpreter_call: {
    id: "ci_1",
    status: "completed",
    code: "1",
    container_id: "cntr_1",
    outputs: null,
  },
  compaction: "refused",
  compaction_trigger: "refused",
  computer_call: "refused",
  computer_call_output: "refused",
  configuration_update: "refused",
  custom_tool_call: "refused",
  custom_tool_call_output: "refused",
  file_search_call: { id: "fs_1", status: "completed", queries: ["noon"] },
  function_call: { call_id: "call_1", name: "clock", arguments: "{}" },
  function_call_output: { call_id: "call_1", output: "noon" },
  image_generation_call: { id: "ig_1", status: "completed", result: null },
  item_reference: { id: "msg_1" },
  local_shell_call: "refused",
  local_shell_call_output: "refused",
  mcp_approval_request: { id: "mcpr_1", name: "clock", server_label: "docs", arguments: "{}" },
  mcp_approval_response: { approval_request_id: "mcpr_1", approve: false },
  mcp_call: { id: "mcp_1", name: "clock", server_label: "docs", arguments: "{}", output: "noon" },
  mcp_list_tools: { id: "mcpl_1", server_label: "docs", tools: [] },
  message: { role: "user", content: "hi" },
  program: "refused",
  program_output: "refused",
  reasoning: { id: "rs_1", summary: [] },
  shell_call: "refused",
  shell_call_output: "refused",
  tool_search_call: "refused",
  tool_search_output: "refused",
  web_search_call: { id: "ws_1", status: "completed", action: { type: "search", query: "noon" } },
};

/**
 * Tools of a request: the test that runs them; "left out" with a warning if no plugin runs them, and a 400 if the
 * request forces them; or the 400 that names their type.
 */
export const TOOLS: Record<(typeof TOOL_TYPES)[number], ByTest | "left out" | "refused"> = {
  apply_patch: "refused",
  code_interpreter: {
    file: "pipeline/presentations.test.ts",
    test: "opens, streams its code cut live out of the JSON arguments, runs, and ends",
  },
  computer: "refused",
  computer_use_preview: "refused",
  custom: "refused",
  file_search: {
    file: "examples/hosted-tool.test.ts",
    test: "shows the call as an item of its own type, while it runs",
  },
  function: {
    file: "pipeline/broken-arguments.test.ts",
    test: "come to the client of a function as they were written, and back upstream as an object",
  },
  image_generation: NATIVE,
  local_shell: "refused",
  mcp: MCP_LIST,
  namespace: "refused",
  programmatic_tool_calling: "refused",
  shell: "refused",
  tool_search: "refused",
  web_search: NATIVE,
  web_search_2025_08_26: "left out",
  web_search_preview: "left out",
  web_search_preview_2025_03_11: "left out",
};
