import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Log } from "../context.ts";
import { VrError } from "../errors.ts";
import { logFailure, toFailure } from "../failure.ts";
import { newId } from "../ids.ts";
import { sendError } from "./send.ts";

/** The answer to each of Node's error codes; any other code is a 400. */
const ANSWERS: Readonly<Record<string, readonly [status: number, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, "The request did not come in time (timeouts.requestMs)."],
  HPE_HEADER_OVERFLOW: [431, "The headers are too large."],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, "The chunk extensions are too large."],
};

/** The function that answers an error of the open response's connection, kept as a property of that response. */
const REFUSE = Symbol("refuse");
type Refusing = ServerResponse & { [REFUSE]?: (error: VrError) => void };

export function refuseWith(res: ServerResponse, refuse: (error: VrError) => void): void {
  (res as Refusing)[REFUSE] = refuse;
}

/** Answers broken and slow HTTP as every other error: with the error envelope, a request id and a line in the log. */
export function answerBrokenHttp(server: Server, log: Log): void {
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    const open = (socket as { _httpMessage?: ServerResponse | null })._httpMessage;
    // The client left in the middle of its request and needs no answer.
    if (!socket.writable || open?.headersSent || error.code === "HPE_INVALID_EOF_STATE") {
      socket.destroy(error);
      return;
    }
    const [status, message] = ANSWERS[error.code ?? ""] ?? [400, "The request is not valid HTTP."];
    const failure = new VrError(status, "invalid_request_error", message, { cause: error });
    // The connection closes after this answer, and the headers say so.
    if (open) open.shouldKeepAlive = false;
    const refuse = open && (open as Refusing)[REFUSE];
    if (refuse) refuse(failure);
    else {
      const id = String(open?.getHeader("x-request-id") ?? newId("req"));
      logFailure(log, { request: id }, toFailure(failure));
      if (open) sendError(open, failure, { "x-request-id": id });
      else socket.write(asText(failure, id));
    }
    socket.destroySoon();
  });
  server.on("checkExpectation", (req, res) => {
    const failure = new VrError(417, "invalid_request_error", "Expect supports only 100-continue.");
    const id = newId("req");
    const { method, url } = req;
    logFailure(log, { request: id, method, path: url?.split("?", 1)[0] }, toFailure(failure));
    sendError(res, failure, { "x-request-id": id });
  });
}

/** The error for a request without `Host`, which HTTP/1.1 requires. Node's own answer is turned off. */
export function hostMissing(): VrError {
  return new VrError(400, "invalid_request_error", "The Host header is missing.");
}

/** The complete answer as text, for connections without a response object of Node's. */
function asText(failure: VrError, id: string): string {
  const body = JSON.stringify(failure);
  const head = [
    `HTTP/1.1 ${failure.status} Refused`,
    "content-type: application/json; charset=utf-8",
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${id}`,
    "connection: close",
  ];
  return `${head.join("\r\n")}\r\n\r\n${body}`;
}
