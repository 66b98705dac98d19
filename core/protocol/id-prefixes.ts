/** What the ids of items begin with. Source: ids as the OpenAI API gives them. */
const PREFIXES: Readonly<Record<string, string>> = {
  message: "msg",
  reasoning: "rs",
  function_call: "fc",
  function_call_output: "fco",
  code_interpreter_call: "ci",
  mcp_call: "mcp",
  mcp_list_tools: "mcpl",
  mcp_approval_request: "mcpr",
  mcp_approval_response: "mcpr",
  web_search_call: "ws",
  file_search_call: "fs",
  image_generation_call: "ig",
};

/** `msg` for a message, and so on; `item` for types that vr does not make. */
export function idPrefixOf(itemType: string): string {
  return PREFIXES[itemType] ?? "item";
}
