import type { Family } from "../helpers/families/family.ts";
import type { FamilyServer } from "../helpers/families/server.ts";
import type { InProcess, InProcessOptions } from "../helpers/in-process.ts";

/** The family's server, and a gateway in front of it. */
export interface InFrontOf {
  readonly family: Family;
  readonly server: FamilyServer;
  start(options?: Partial<InProcessOptions>): Promise<InProcess>;
}

const tool = (name: string) => ({
  type: "function",
  name,
  strict: false,
  parameters: { type: "object", properties: {} },
});
/** Those that the streams call. */
export const TOOLS = ["get_weather", "get_time", "clock"].map(tool);
