/** Carries JSON-RPC messages. It has the shape of the SDK's transports, so that our own can be used as one. */
export interface RpcTransport {
  start(): Promise<void>;
  send(message: object): Promise<void>;
  close(): Promise<void>;
  onmessage?: ((message: never) => void) | undefined;
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
}
