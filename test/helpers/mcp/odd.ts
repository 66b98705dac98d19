import { fileURLToPath } from "node:url";
import type { ServerInput } from "../../../plugins/mcp/server-config.ts";
import { call, finish } from "../chunks.ts";
import type { ScriptedTurn } from "../scripted.ts";

const FILE = fileURLToPath(new URL("./odd-server.ts", import.meta.url));

/** The odd server as an entry of `mcpServers`. */
export const odd = (...args: string[]): ServerInput => ({ command: process.execPath, args: [FILE, ...args] });

/** An entry of `tools[]`. */
export const entry = (label = "odd", more: object = {}): object => ({
  type: "mcp",
  server_label: label,
  ...more,
});

/** A turn in which the model calls these tools of the server `odd`. */
export const callsOdd = (...made: readonly (readonly [tool: string, args?: object])[]): ScriptedTurn => [
  [...made.flatMap(([tool, args = {}], i) => call(`odd__${tool}`, args, i)), finish("tool_calls")],
];
