import { check } from "./item.ts";

/** What the AI SDK's own schemas want absent where OpenAI's allow null: it aborts the stream otherwise. */
const NEVER_NULL: Record<string, readonly string[]> = {
  mcp_list_tools: ["error"],
  mcp_approval_request: ["approval_request_id"],
};

/** @throws Error when a valid item is one that clients of today stumble on */
export function checkForClients(item: object): void {
  const { type, tools } = item as { type?: string; tools?: object[] };
  for (const key of NEVER_NULL[type ?? ""] ?? []) checkAbsent(item, key, String(type));
  if (type !== "mcp_list_tools") return;
  for (const tool of tools ?? []) {
    checkAbsent(tool, "annotations", "mcp_list_tools.tools[]");
    checkAbsent(tool, "description", "mcp_list_tools.tools[]");
  }
}

function checkAbsent(object: object, key: string, what: string): void {
  check((object as Record<string, unknown>)[key] !== null, `${what}.${key} must be absent rather than null`);
}
