/** What carries JSON-RPC messages: the shape of the SDK's transports, so that one of our own can be one. */
export interface RpcTransport {
  start(): Promise<void>;
  send(message: object): Promise<void>;
  close(): Promise<void>;
  onmessage?: ((message: never) => void) | undefined;
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
}
