import { type ChatServer, createChatServer } from "./chat-server.ts";
import { type Gateway, startGateway } from "./gateway.ts";

export interface InFront {
  readonly server: ChatServer;
  readonly gateway: Gateway;
  stop(): Promise<void>;
}

/** A scripted model server and, as a process of its own, the gateway in front of it. */
export async function startInFront(): Promise<InFront> {
  const server = await createChatServer();
  const gateway = await startGateway({ env: { VR_UPSTREAM: server.url } });
  return {
    server,
    gateway,
    stop: async () => {
      await gateway.stop();
      await server.close();
    },
  };
}
