import { pipeline } from "node:stream/promises";
import type { RouterContext } from "@koa/router";
import {
  type Candidate,
  type ForwardedAnswer,
  type Log,
  type UpstreamError,
  VrError,
} from "../../core/index.ts";
import { type Call, readCall } from "./read-call.ts";

export interface PassOptions {
  maxBodyBytes: number;
  /** Who may answer, in the order to try. */
  route(model: string | undefined): readonly Candidate[];
  log: Log;
}

/**
 * One call, from the client's bytes to the server's. Nothing is looked into but the model's name.
 * @throws VrError when nothing has been sent yet
 */
export async function pass(ctx: RouterContext, { maxBodyBytes, route, log }: PassOptions): Promise<void> {
  const left = new AbortController();
  ctx.res.on("close", () => {
    if (!ctx.res.writableFinished) left.abort(new Error("the client left"));
  });
  const call = await readCall(ctx.req, maxBodyBytes);
  const answer = await firstAnswer(route(call.model), call, ctx.get("authorization"), left.signal, log);
  ctx.respond = false; // what follows goes around Koa
  ctx.res.writeHead(answer.status, answer.headers);
  ctx.res.flushHeaders();
  try {
    await pipeline(answer.body, ctx.res);
  } catch (error) {
    // The connection is cut, which is how a client learns of it in the middle of an answer.
    if (!left.signal.aborted) log.error({ err: error }, "a model server broke off a passed answer");
  }
}

/** Goes on to the next where one cannot be reached, fails or has too much to do, as the Responses API does. */
async function firstAnswer(
  candidates: readonly Candidate[],
  call: Call,
  authorization: string,
  signal: AbortSignal,
  log: Log,
): Promise<ForwardedAnswer> {
  const able = candidates.filter(({ upstream }) => upstream.forward !== undefined);
  let first: unknown;
  for (const { upstream, model } of able) {
    try {
      const named = model ?? (await upstream.defaultModel(signal));
      const body = named === call.model ? call.text : JSON.stringify({ ...call.body, model: named });
      const forwarded = { path: "/chat/completions", body, signal };
      const answer = await upstream.forward?.(authorization ? { ...forwarded, authorization } : forwarded);
      if (answer) return answer;
    } catch (error) {
      first ??= error;
      const { status } = error as Partial<UpstreamError>;
      if (signal.aborted || status === undefined || (status !== 429 && status < 500)) throw error;
      log.warn({ upstream: upstream.name, status }, "a model server did not take a passed request");
    }
  }
  throw (
    first ??
    new VrError(501, "server_error", "No model server here takes chat completions.", { code: "no_upstream" })
  );
}
