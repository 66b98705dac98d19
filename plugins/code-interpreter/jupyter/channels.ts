import { randomUUID } from "node:crypto";
import { RuntimeError } from "../runtime.ts";
import { createRequest, type Message, parseMessage, type RequestType } from "./messages.ts";
import type { Server } from "./server.ts";

/**
 * What has happened to a kernel: its process ended and the server restarts it; the server has given it up; or the
 * connection to the server broke, which says nothing about the kernel.
 */
export type Fate = "restarting" | "dead" | "disconnected";

/** One WebSocket that carries all channels of one kernel. */
export class Channels {
  /** Called with the kernel's fate. May be replaced. */
  onFate: (fate: Fate) => void = () => {};
  readonly #socket: WebSocket;
  readonly #session: string;
  readonly #listeners = new Map<string, (message: Message) => void>();

  /** @throws RuntimeError when the server does not accept it; the signal's reason */
  static async connect(server: Server, kernelId: string, signal: AbortSignal): Promise<Channels> {
    signal.throwIfAborted();
    const session = randomUUID();
    const url = `${server.base.replace(/^http/, "ws")}/api/kernels/${kernelId}/channels?session_id=${session}`;
    const socket = new WebSocket(url, { headers: server.headers });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const refused = () =>
      reject(new RuntimeError("unavailable", "The Jupyter server refused a connection to its kernel."));
    const abort = () => reject(signal.reason);
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", refused);
    socket.addEventListener("close", refused);
    signal.addEventListener("abort", abort);
    try {
      await promise;
      return new Channels(socket, session);
    } catch (error) {
      socket.close();
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  private constructor(socket: WebSocket, session: string) {
    this.#socket = socket;
    this.#session = session;
    socket.addEventListener("message", ({ data }: { data: unknown }) => {
      // Binary frames carry the buffers of widgets, which are not used here.
      if (typeof data === "string") this.#read(data);
    });
    socket.addEventListener("close", () => this.onFate("disconnected"));
  }

  get open(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Sends a request on the shell channel; `listener` gets all that belongs to it, until `forget`. */
  request(type: RequestType, content: object, listener: (message: Message) => void): string {
    const { id, text } = createRequest(this.#session, type, content);
    this.#listeners.set(id, listener);
    this.#socket.send(text);
    return id;
  }

  forget(id: string): void {
    this.#listeners.delete(id);
  }

  close(): void {
    this.onFate = () => {};
    this.#listeners.clear();
    this.#socket.close();
  }

  #read(text: string): void {
    const message = parseMessage(text);
    if (!message) return;
    // Output that code prints after its execution has ended is ignored.
    if (message.parent !== undefined) this.#listeners.get(message.parent)?.(message);
    else if (message.type === "status") {
      const state = message.content.execution_state;
      if (state === "restarting" || state === "dead") this.onFate(state);
    }
  }
}
