import { randomUUID } from "node:crypto";
import { isObject } from "../../../core/index.ts";

/** Jupyter messaging, 5.3: what of a message is read here. */
export interface Message {
  readonly channel: string;
  readonly type: string;
  /** The id of the request that the message belongs to; `undefined` if the server sent it by itself. */
  readonly parent: string | undefined;
  readonly content: Readonly<Record<string, unknown>>;
}

/** Parses a message; `undefined` if it is not one. */
export function parseMessage(text: string): Message | undefined {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { channel, header, parent_header, content } = asRecord(said);
  const type = asRecord(header).msg_type;
  const parent = asRecord(parent_header).msg_id;
  if (typeof channel !== "string" || typeof type !== "string") return undefined;
  return {
    channel,
    type,
    parent: typeof parent === "string" ? parent : undefined,
    content: asRecord(content),
  };
}

export type RequestType = "kernel_info_request" | "execute_request";

/** The text of a request on the shell channel, and its id. */
export function createRequest(
  session: string,
  type: RequestType,
  content: object,
): { id: string; text: string } {
  const id = randomUUID();
  const header = {
    msg_id: id,
    msg_type: type,
    session,
    username: "vr",
    date: new Date().toISOString(),
    version: "5.3",
  };
  const text = JSON.stringify({
    channel: "shell",
    header,
    parent_header: {},
    metadata: {},
    content,
    buffers: [],
  });
  return { id, text };
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}
