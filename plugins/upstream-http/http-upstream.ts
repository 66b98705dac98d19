import { pickUpstreamLimits, type Turn, type Upstream, UpstreamError, type Vr } from "../../core/index.ts";
import { chatCompletions } from "./chat.ts";
import { type Credentials, forward } from "./forward.ts";
import { ModelCall } from "./model-call.ts";
import { ModelList } from "./models.ts";
import type { CheckedServerOptions } from "./options.ts";
import { lazyPool } from "./pool.ts";
import { responsesApi } from "./responses.ts";
import { type ServerFamily, type Settings, toSettings } from "./settings.ts";

export interface HttpUpstream extends Upstream {
  /** Ends idle connections; calls that run are cut off. */
  close(): Promise<void>;
}

/** Sets up a plugin: one server is one upstream of the gateway, closed with it. */
export function useServer(vr: Vr, family: ServerFamily, options: CheckedServerOptions): void {
  const upstream = createHttpUpstream(family, options);
  vr.upstreams.add(upstream, pickUpstreamLimits(options));
  vr.onClose(() => upstream.close());
}

/** A model server that is asked over HTTP. */
export function createHttpUpstream(family: ServerFamily, options: CheckedServerOptions): HttpUpstream {
  const settings = toSettings(family, options);
  const dialect = settings.api === "responses" ? responsesApi(settings) : chatCompletions(settings);
  const pool = lazyPool(settings);
  const path = `${settings.path}${dialect.path}`;
  const plain = ["content-type", "application/json", ...Object.entries(settings.headers).flat()];
  const own = settings.apiKey ? [...plain, "authorization", `Bearer ${settings.apiKey}`] : plain;
  /** Of one call. `authorization`: the client's own header. */
  const credentials = (authorization: string | undefined): Credentials => {
    const { auth, secrets } = settings;
    if (auth !== "forward" || !authorization) return { headers: auth === "none" ? plain : own, secrets };
    return {
      headers: [...plain, "authorization", authorization],
      secrets: [...secrets, authorization.replace(/^\w+\s+/, "")],
    };
  };
  const models = new ModelList(pool, settings, settings.auth === "none" ? plain : own);

  return {
    name: settings.name,
    native: dialect.native,
    description: `${dialect.name} at ${settings.origin}${settings.path}`,
    details: detailsOf(settings),
    stream(request, turn) {
      const warn = warningsOf(turn);
      const body = dialect.toBody(request, warn);
      return new ModelCall(pool.get(), settings, dialect, {
        path,
        body: JSON.stringify(Object.assign(body, settings.extraBody)),
        stream: request.stream,
        signal: turn.signal,
        warn,
        ...credentials(turn.response.caller.authorization),
      });
    },
    forward: (call) => forward(pool.get(), settings, call, credentials(call.authorization)),
    models: (signal) => models.get(signal),
    async defaultModel(signal) {
      if (settings.model) return settings.model;
      const [first] = await models.get(signal);
      if (!first) throw new UpstreamError(502, "the model server lists no model; name one in the request");
      return first.id;
    },
    check: (signal) => models.check(signal),
    close: () => pool.close(),
  };
}

/** Quirks are those of chat completions: the Responses API has none. */
function detailsOf({ origin, path, api, quirks }: Settings): Record<string, unknown> {
  return { baseUrl: origin + path, api, ...(api === "chat" ? { quirks } : {}) };
}

/** Later turns of a response leave out the same as the first: it is said once. */
function warningsOf(turn: Turn): (message: string) => void {
  return turn.index === 0 ? (message) => turn.response.warn(message) : () => {};
}
