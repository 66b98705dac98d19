import { definePlugin, type ModelRequest, textsOf, UpstreamError } from "vr-gateway";
import { z } from "zod";

/** A model server that takes the conversation as plain text and streams plain text back. */
export const plainText = definePlugin({
  name: "plain-text",
  options: z.object({ url: z.url(), model: z.string().default("plain") }),
  setup(vr, { url, model }) {
    vr.upstreams.add({
      name: "plain-text",
      description: url,
      async *stream(request, { signal }) {
        const body = await ask(url, toPrompt(request), signal);
        const decoder = new TextDecoder();
        for await (const bytes of body)
          yield [{ type: "text", text: decoder.decode(bytes, { stream: true }) }];
        yield [{ type: "finish", reason: "stop" }];
      },
      models: async () => [{ id: model }],
      defaultModel: () => model,
    });
  },
});

async function ask(url: string, prompt: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  const answer = await fetch(url, { method: "POST", body: prompt, signal }).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new UpstreamError(502, "the model server cannot be reached", { cause });
  });
  if (!answer.ok || !answer.body) throw new UpstreamError(502, `the model server answered ${answer.status}`);
  return answer.body;
}

/** One line for each message: `user: What time is it?` */
function toPrompt({ instructions, items }: ModelRequest): string {
  const messages = items.flatMap(({ item }) => {
    const role = "role" in item ? item.role : "tool";
    return textsOf(item).map(({ text }) => `${role}: ${text}`);
  });
  return [...(instructions ? [`system: ${instructions}`] : []), ...messages].join("\n");
}
