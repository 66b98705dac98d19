import { onTestFinished } from "vitest";
import type { ServerOptions } from "../../../plugins/upstream-http/index.ts";
import { type InProcess, startInProcess } from "../in-process.ts";
import type { Family } from "./family.ts";
import { createFamilyServer, type FamilyServer } from "./server.ts";

/** A server of this family and a gateway in front of it, for one test. */
export async function startFamily(
  family: Family,
  options: Partial<ServerOptions> = {},
): Promise<{ vr: InProcess; server: FamilyServer }> {
  const server = await createFamilyServer(family);
  onTestFinished(() => server.close());
  const plugin = family.plugin({ baseUrl: server.url, retries: 0, ...options });
  return { server, vr: await startInProcess({ plugins: [plugin] }) };
}
