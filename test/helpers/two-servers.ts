import { onTestFinished } from "vitest";
import type { ConfigInput } from "../../core/config.ts";
import type { Plugin } from "../../core/plugin.ts";
import { openaiCompatible } from "../../plugins/upstream-openai-compatible/index.ts";
import { answer, type ChatServer, createChatServer, type Script } from "./chat-server.ts";
import { type InProcess, type InProcessOptions, startInProcess } from "./in-process.ts";

export interface TwoServersOptions {
  /** Default: model "m" goes to a, then to b. */
  routes?: ConfigInput["routes"];
  /** Each server's answers, call by call; the last one repeats. Default: "I am a.", "I am b.". */
  a?: Script[];
  b?: Script[];
  /** Over those of both servers: no retries, and circuits that stay closed. */
  server?: Partial<Parameters<typeof openaiCompatible>[0]>;
  plugins?: Plugin[];
  limits?: InProcessOptions["limits"];
}

export interface TwoServers {
  readonly a: ChatServer;
  readonly b: ChatServer;
  readonly gateway: InProcess;
  /** How many calls each has had. */
  asked(): [a: number, b: number];
}

/** Two model servers behind one gateway. All end with the test that started them. */
export async function startTwoServers(options: TwoServersOptions = {}): Promise<TwoServers> {
  const [a, b] = await Promise.all([createChatServer(), createChatServer()]);
  onTestFinished(async () => {
    await Promise.all([a.close(), b.close()]);
  });
  a.reply(...(options.a ?? [answer({ text: "I am a." })]));
  b.reply(...(options.b ?? [answer({ text: "I am b." })]));
  const upstream = (name: string, { url }: ChatServer) =>
    openaiCompatible({ name, baseUrl: url, retries: 0, breakerFailures: 0, ...options.server });
  const gateway = await startInProcess({
    plugins: [upstream("a", a), upstream("b", b), ...(options.plugins ?? [])],
    routes: options.routes ?? [{ model: "m", to: "a", fallbacks: "b" }],
    limits: options.limits ?? {},
  });
  return { a, b, gateway, asked: () => [a.requests.length, b.requests.length] };
}
