import { Pool } from "undici";
import { type ModelRequest, type Turn, type Upstream, UpstreamError } from "../../core/index.ts";
import { toChatRequest } from "../dialect-chat/index.ts";
import { ChatCall } from "./chat-call.ts";
import { ModelList } from "./models.ts";
import { type OpenAICompatibleOptions, type Settings, toSettings } from "./options.ts";

export interface OpenAICompatible extends Upstream {
  /** Ends idle connections; calls that run are cut off. */
  close(): Promise<void>;
}

/** An upstream that speaks `POST /chat/completions`. @throws ZodError for wrong options */
export function createOpenAICompatible(options: OpenAICompatibleOptions): OpenAICompatible {
  const settings = toSettings(options);
  // HTTP/1.1 with keep-alive and as many connections as there are calls: a model server answers one call per
  // connection, and a limit here would be a queue that nobody sees.
  const pool = new Pool(settings.origin, {
    connections: null,
    pipelining: 1,
    allowH2: false,
    connectTimeout: settings.connectTimeoutMs,
  });
  const path = `${settings.path}/chat/completions`;
  const plain = ["content-type", "application/json", ...Object.entries(settings.headers).flat()];
  const own = settings.apiKey ? [...plain, "authorization", `Bearer ${settings.apiKey}`] : plain;
  const models = new ModelList(pool, settings, settings.auth === "none" ? plain : own);

  return {
    name: settings.name,
    description: `chat completions at ${settings.origin}${settings.path}`,
    details: { baseUrl: settings.origin + settings.path, api: "chat completions", quirks: settings.quirks },
    stream(request, turn) {
      const forwarded = settings.auth === "forward" ? turn.response.caller.authorization : undefined;
      const headers = forwarded
        ? [...plain, "authorization", forwarded]
        : settings.auth === "none"
          ? plain
          : own;
      return new ChatCall(pool, settings, {
        path,
        headers,
        body: toBody(request, turn, settings),
        stream: request.stream,
        signal: turn.signal,
        secrets: forwarded ? [...settings.secrets, forwarded.replace(/^\w+\s+/, "")] : settings.secrets,
      });
    },
    models: (signal) => models.get(signal),
    async defaultModel(signal) {
      if (settings.model) return settings.model;
      const [first] = await models.get(signal);
      if (!first) throw new UpstreamError(502, "the model server lists no model; name one in the request");
      return first.id;
    },
    check: (signal) => models.check(signal),
    close: () => pool.destroy(),
  };
}

function toBody(request: ModelRequest, turn: Turn, settings: Settings): string {
  const warn = turn.index === 0 ? (message: string) => turn.response.warn(message) : ignore;
  const body = toChatRequest(request, settings.quirks, warn);
  return JSON.stringify(Object.assign(body, settings.extraBody));
}

function ignore(): void {}
