import { z } from "zod";
import type { ServerTool } from "./session.ts";

/** Most names in a filter, since each tool of a server is compared with them. */
const MOST_NAMES = 1_000;

const toolNames = z.array(z.string()).max(MOST_NAMES);

/** OpenAI API: MCP tool filter. If it has several conditions, all must hold. */
export const filterSchema = z.strictObject({
  tool_names: toolNames.optional(),
  /** Filters by the server's annotation `readOnlyHint`. */
  read_only: z.boolean().optional(),
});

export type ToolFilter = z.output<typeof filterSchema>;

const FILTER_FORM = "{tool_names: [names], read_only: boolean}";

/** The tools of a server that a request may use. */
export const allowedSchema = z.union([toolNames, filterSchema], {
  error: `expected a list of names, or ${FILTER_FORM}`,
});

export const approvalSchema = z.union(
  [
    z.enum(["always", "never"]),
    z.strictObject({ always: filterSchema.optional(), never: filterSchema.optional() }),
  ],
  {
    error: `expected "always", "never", or {always: filter, never: filter}, where a filter is ${FILTER_FORM}`,
  },
);

/** Which calls need the client's approval. */
export type Approval = z.output<typeof approvalSchema>;

/** Whether a filter matches a tool. An empty filter matches none: `{}` must not exempt tools from approval. */
export function matches({ tool_names, read_only }: ToolFilter, tool: ServerTool): boolean {
  if (tool_names === undefined && read_only === undefined) return false;
  if (tool_names && !tool_names.includes(tool.name)) return false;
  return read_only === undefined || (tool.annotations?.readOnlyHint === true) === read_only;
}

/** Whether a call of this tool needs approval. The first of `approvals` that covers the tool decides. */
export function needsApproval(tool: ServerTool, ...approvals: readonly (Approval | undefined)[]): boolean {
  for (const approval of approvals) {
    if (approval === "always" || approval === "never") return approval === "always";
    if (approval?.always && matches(approval.always, tool)) return true;
    if (approval?.never && matches(approval.never, tool)) return false;
  }
  return true;
}
