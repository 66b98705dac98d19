import { expect, it } from "vitest";
import { isVrError, VrError } from "../../core/index.ts";
import { RuntimeError } from "../../plugins/code-interpreter/index.ts";
import { Unavailable } from "../../plugins/mcp/session.ts";
import { RemoteRefused, RemoteUnreachable } from "../../plugins/remote-policy/index.ts";

it.each([
  [new RuntimeError("not_found", "gone"), 404, "file_not_found"],
  [new RuntimeError("too_large", "large"), 400, "file_too_large"],
  [new RuntimeError("busy", "full"), 503, "container_busy"],
  [new RuntimeError("unavailable", "down"), 503, "runtime_unavailable"],
  [new Unavailable("down"), 424, "mcp_server_unavailable"],
  [new RemoteRefused("refused"), 400, "remote_refused"],
  [new RemoteUnreachable("example.com", "gave no answer", { code: "ECONNRESET" }), 424, "ECONNRESET"],
])("what may be shown to clients is an error of the gateway: %s", (error, status, code) => {
  expect(isVrError(error)).toBe(true);
  expect(error).toMatchObject({ status, code, name: error.constructor.name });
});

it("no credentials are shown, whoever wrote them into a message", () => {
  const message = "cannot reach https://user:pass-w0rd@example.com";
  for (const error of [
    new RuntimeError("unavailable", message),
    new Unavailable(message),
    new RemoteRefused(message),
  ]) {
    expect(error).toBeInstanceOf(VrError);
    expect(error.message).not.toContain("pass-w0rd");
  }
});
