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
  /** The servers that may answer, in the order to try. */
  route(model: string | undefined): readonly Candidate[];
  /** Aborts when the gateway stops and calls must end. */
  ending: AbortSignal;
  log: Log;
}

/**
 * Passes one call to a server and its answer to the client. Only the model's name is read.
 * @throws VrError while nothing has been sent yet
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
  ctx.respond = false; // the answer is written without Koa
  ctx.res.writeHead(answer.status, answer.headers);
  ctx.res.flushHeaders();
  try {
    await pipeline(answer.body, ctx.res, { signal });
  } catch (error) {
    // The connection is cut: in the middle of an answer, this is the only way to tell the client.
    if (!signal.aborted) log.error({ err: error }, "a model server broke off a passed answer");
  }
}

/** Names in the message come from the configuration, and may have characters that a header cannot. */
export function addWarning(ctx: RouterContext, message: string): void {
  ctx.append("x-vr-warning", message.replace(/[^\x20-\x7e]/g, "?"));
}

interface Passing {
  forwarded: Endpoint["forwarded"];
  /** The client's own header; absent if it sent none. */
  authorization: string;
  signal: AbortSignal;
  /** Called for each server that was skipped. */
  warn(message: string): void;
}

/** Tries the next server if one cannot be reached, fails or is too busy, as for the Responses API. */
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
