import { type ChatServer, createChatServer, json } from "../chat-server.ts";
import type { Family } from "./family.ts";

export interface FamilyServer extends ChatServer {
  /** Whether its model takes images, as it does at first. */
  takesImages: boolean;
  /** What requests asked that the real server would have ignored in silence. */
  readonly ignored: readonly string[];
  /** What it has refused, as a real one would have. */
  readonly refused: readonly string[];
}

/** A model server that answers as it is told, but refuses what the real ones of its family refuse. */
export async function createFamilyServer(family: Family): Promise<FamilyServer> {
  const ignored: string[] = [];
  const refused: string[] = [];
  const chatServer = await createChatServer({
    first: family.says({ text: "Hello from the model." }),
    guard({ body, headers }) {
      ignored.push(...Object.keys(body).filter((field) => !family.reads.includes(field)));
      for (const message of body.messages)
        for (const field of Object.keys(message))
          if (!family.readsOfMessages.includes(field)) ignored.push(`messages.${field}`);
      ignored.push(...(family.ignores?.(body) ?? []));
      for (const rule of family.rules) {
        const reason = rule(body, headers);
        if (reason === undefined) continue;
        refused.push(reason);
        return json(family.refusal(reason), 400);
      }
      if (server.takesImages || !hasImages(body)) return undefined;
      const { status, body: refusal } = family.imageRefusal;
      return json(refusal, status);
    },
  });
  const server: FamilyServer = Object.assign(chatServer, { ignored, refused, takesImages: true });
  return server;
}

function hasImages({ messages }: { messages: { content: unknown }[] }): boolean {
  return messages.some(
    ({ content }) => Array.isArray(content) && content.some(({ type }) => type === "image_url"),
  );
}
