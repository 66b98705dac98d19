import { NotFoundError, type Vr, VrError } from "../../core/index.ts";
import type { ConfiguredServer } from "./configured-server.ts";
import { toShown } from "./listing.ts";
import { Unavailable } from "./session.ts";

/** `GET /v1/mcp/servers` and `/v1/mcp/servers/{label}/tools`: the operator's servers, without what may be secret. */
export function addEndpoints(vr: Vr, servers: ReadonlyMap<string, ConfiguredServer>): void {
  vr.router.get("/v1/mcp/servers", (ctx) => {
    ctx.body = { object: "list", data: [...servers.values()].map(toShownServer) };
  });

  vr.router.get("/v1/mcp/servers/:label/tools", async (ctx) => {
    const { label = "" } = ctx.params;
    const server = servers.get(label);
    if (!server)
      throw new NotFoundError(`No MCP server is configured under the label "${label.slice(0, 100)}".`, {
        param: "label",
      });
    try {
      const tools = await server.tools(vr.ending);
      ctx.body = { object: "list", data: tools.map(toShown) };
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      throw new VrError(503, "server_error", error.message, { code: "mcp_server_unavailable" });
    }
  });
}

function toShownServer({ label, config, state }: ConfiguredServer): object {
  const shown = { server_label: label, transport: config.address.kind, status: state.status };
  switch (state.status) {
    case "available":
      return { ...shown, server_info: state.session.serverInfo ?? null, tools: state.session.tools.length };
    case "unavailable":
      return { ...shown, error: state.reason };
    case "connecting":
      return shown;
  }
}
