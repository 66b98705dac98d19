import { pipeline } from "node:stream/promises";
import type { RouterContext } from "@koa/router";
import {
  type BodyLimits,
  type Candidate,
  type ForwardedAnswer,
  type Log,
  type UpstreamError,
  VrError,
} from "../../core/index.ts";
import type { Endpoint } from "./endpoints.ts";
import { type Call, readCall } from "./read-call.ts";

export interface PassOptions {
  /** The path that it forwards to. */
  forwarded: Endpoint["forwarded"];
  limits: BodyLimits;
  /** Who may answer, in the order to try. */
  route(model: string | undefined): readonly Candidate[];
  /** Aborts when the gateway stops and calls are to end. */
  ending: AbortSignal;
  log: Log;
}

/**
 * One call, from the client's bytes to the server's. Nothing is looked into but the model's name.
 * @throws VrError when nothing has been sent yet
 */
export async function pass(ctx: RouterContext, options: PassOptions): Promise<void> {
  const { forwarded, limits, route, ending, log } = options;
  const left = new AbortController();
  ctx.res.on("close", () => {
    if (!ctx.res.writableFinished) left.abort(new Error("the client left"));
  });
  const signal = AbortSignal.any([left.signal, ending]);
  const call = await readCall(ctx.req, limits);
  const answer = await firstAnswer(route(call.model), call, {
    forwarded,
    authorization: ctx.get("authorization"),
    signal,
    warn: (message) => {
      log.warn({}, message);
      addWarning(ctx, message);
    },
  });
  ctx.respond = false; // what follows goes around Koa
  ctx.res.writeHead(answer.status, answer.headers);
  ctx.res.flushHeaders();
  try {
    await pipeline(answer.body, ctx.res, { signal });
  } catch (error) {
    // The connection is cut, which is how a client learns of it in the middle of an answer.
    if (!signal.aborted) log.error({ err: error }, "a model server broke off a passed answer");
  }
}

/** Names in it come from the configuration, and may hold what no header can. */
export function addWarning(ctx: RouterContext, message: string): void {
  ctx.append("x-vr-warning", message.replace(/[^\x20-\x7e]/g, "?"));
}

interface Passing {
  forwarded: Endpoint["forwarded"];
  /** The client's own header, or nothing. */
  authorization: string;
  signal: AbortSignal;
  /** Told of a server that was passed over. */
  warn(message: string): void;
}

/** Goes on to the next where one cannot be reached, fails or has too much to do, as the Responses API does. */
async function firstAnswer(
  candidates: readonly Candidate[],
  call: Call,
  { forwarded, authorization, signal, warn }: Passing,
): Promise<ForwardedAnswer> {
  const able = candidates.filter(({ upstream }) => upstream.forward !== undefined);
  let first: unknown;
  for (const { upstream, model } of able) {
    try {
      const named = model ?? (await upstream.defaultModel(signal));
      const body = named === call.model ? call.text : JSON.stringify({ ...call.body, model: named });
      const sent = { ...forwarded, body, signal };
      const answer = await upstream.forward?.(authorization ? { ...sent, authorization } : sent);
      if (answer) return answer;
    } catch (error) {
      signal.throwIfAborted();
      first ??= error;
      const { status } = error as Partial<UpstreamError>;
      if (status === undefined || (status !== 429 && status < 500)) throw error;
      warn(`upstream "${upstream.name}" did not take the request (${status})`);
    }
  }
  throw (
    first ??
    new VrError(501, "server_error", "No configured model server can pass requests through.", {
      code: "no_upstream",
    })
  );
}
