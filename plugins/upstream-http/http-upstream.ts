import {
  type ModelRequest,
  pickUpstreamLimits,
  type Turn,
  type Upstream,
  UpstreamError,
  untilAborted,
  type Vr,
} from "../../core/index.ts";
import { unseenWarning, withoutToolImages } from "../dialect-chat/index.ts";
import { ModelCapabilities } from "./capabilities.ts";
import { chatCompletions } from "./chat.ts";
import { DeferredCall } from "./deferred-call.ts";
import type { Asked } from "./dialect.ts";
import type { Capabilities, ServerFamily } from "./family.ts";
import { fitCapabilities } from "./fit-capabilities.ts";
import { type Credentials, forward } from "./forward.ts";
import { type Lesson, Lessons, withoutThinking } from "./lessons.ts";
import { ModelCall } from "./model-call.ts";
import { ModelList } from "./models.ts";
import type { CheckedServerOptions } from "./options.ts";
import { lazyPool } from "./pool.ts";
import { responsesApi } from "./responses.ts";
import { type ServerSettings, toSettings } from "./settings.ts";
import { UsableTools } from "./tool-schemas/usable-tools.ts";

export interface HttpUpstream extends Upstream {
  /** Ends idle connections and aborts running calls. */
  close(): Promise<void>;
}

/** Sets up a plugin for one server: adds it as an upstream, and closes it with the gateway. */
export function useServer(vr: Vr, family: ServerFamily, options: CheckedServerOptions): void {
  const upstream = createHttpUpstream(family, options);
  vr.upstreams.add(upstream, pickUpstreamLimits(options));
  vr.onClose(() => upstream.close());
}

/** A model server that is reached over HTTP. */
export function createHttpUpstream(family: ServerFamily, options: CheckedServerOptions): HttpUpstream {
  const settings = toSettings(family, options);
  const dialect = settings.api === "responses" ? responsesApi(settings) : chatCompletions(settings);
  const pool = lazyPool(settings);
  const path = `${settings.path}${dialect.path}`;
  const plain = ["content-type", "application/json", ...Object.entries(settings.headers).flat()];
  const own = settings.apiKey ? [...plain, "authorization", `Bearer ${settings.apiKey}`] : plain;
  /** The credentials of one call. `authorization`: the client's own header. */
  const credentials = (authorization: string | undefined): Credentials => {
    const { auth, secrets } = settings;
    if (auth !== "forward" || !authorization) return { headers: auth === "none" ? plain : own, secrets };
    return {
      headers: [...plain, "authorization", authorization],
      secrets: [...secrets, authorization.replace(/^\w+\s+/, "")],
    };
  };
  const lessons = new Lessons();
  const tools = new UsableTools(settings.quirks);
  const models = new ModelList(pool, settings, settings.auth === "none" ? plain : own);
  const capabilities = family.capabilities && new ModelCapabilities(pool, settings, family.capabilities);
  const begin = (given: ModelRequest, turn: Turn, known: Capabilities | undefined): ModelCall => {
    const warn = warningsOf(turn);
    const learned = lessons.of(given.model);
    const usable = tools.of(given, warn);
    const able = known ? fitCapabilities(usable, known, turn, warn) : usable;
    const request = fitted(able, learned, warn);
    let asked: Asked = { request, learned, body: dialect.toBody(request, warn, learned) };
    return new ModelCall(pool.get(), settings, dialect, {
      path,
      body: asked.body,
      asked: request,
      signal: turn.signal,
      amend(body, refusal) {
        const amended = dialect.amend({ ...asked, body }, refusal);
        // The server would refuse the same body again.
        if (amended === undefined || amended.body === body) return undefined;
        const { warning, lesson, ...again } = amended;
        asked = { ...asked, ...again };
        if (warning !== undefined) warn(warning);
        if (lesson !== undefined) {
          lessons.add(request.model, lesson);
          turn.log.info({ upstream: settings.name, model: request.model, lesson }, "learned from a refusal");
        }
        return amended.body;
      },
      ...credentials(turn.response.caller.authorization),
    });
  };

  return {
    name: settings.name,
    native: dialect.native,
    wellFormed: true,
    description: `${dialect.name} at ${settings.origin}${settings.path}`,
    details: detailsOf(settings),
    extraParameters: settings.quirks.passExtra,
    stream(given, turn) {
      const known = capabilities?.known(given.model);
      if (!capabilities || known) return begin(given, turn, known);
      const { headers } = credentials(turn.response.caller.authorization);
      return new DeferredCall(
        () => untilAborted(capabilities.ask(given.model, headers), turn.signal),
        (known) => begin(given, turn, known),
      );
    },
    forward: (call) => forward(pool.get(), settings, call, credentials(call.authorization)),
    models: (signal) => models.get(signal),
    async defaultModel(signal) {
      if (settings.model) return settings.model;
      const [first] = await models.get(signal);
      if (!first)
        throw new UpstreamError(502, "the model server lists no models; name a model in the request");
      return first.id;
    },
    check: (signal) => models.check(signal),
    close: () => pool.close(),
  };
}

/** The request without what its model is known to refuse. Calls `warn` for what is left out. */
function fitted(
  request: ModelRequest,
  learned: ReadonlySet<Lesson>,
  warn: (message: string) => void,
): ModelRequest {
  const seen = learned.has("no-images") ? withoutToolImages(request, "all") : request;
  if (seen !== request) warn(unseenWarning("all"));
  return learned.has("no-effort") ? withoutThinking(seen, warn) : seen;
}

/** The quirks that matter for a server that speaks the Responses API itself. */
const NATIVE_QUIRKS = [
  ...(["sendReasoning", "passthrough", "cutAnswers", "nativeParameters", "forcedFunction"] as const),
  ...(["nativePenalties", "passExtra", "extraNames"] as const),
  ...(["strictTools", "toolsWithNone", "rootUnions", "untypedSchemas"] as const),
];

/** The details for `vr check`, with only those quirks that matter for the server's API. */
function detailsOf({ origin, path, api, quirks }: ServerSettings): Record<string, unknown> {
  const baseUrl = origin + path;
  if (api === "chat") return { baseUrl, api, quirks };
  return { baseUrl, api, quirks: Object.fromEntries(NATIVE_QUIRKS.map((name) => [name, quirks[name]])) };
}

const SAID = Symbol("warnings of upstreams");

/** Several turns of a response may leave out the same things. Each is reported once. */
function warningsOf({ response }: Turn): (message: string) => void {
  return (message) => {
    const said = response.state(SAID, () => new Set<string>());
    if (said.has(message)) return;
    said.add(message);
    response.warn(message);
  };
}
