import { expect } from "vitest";
import type { Turn } from "../../core/context.ts";
import type { TapFunction } from "../../core/hooks.ts";
import type { Plugin, Vr } from "../../core/plugin.ts";
import type { OutputItem } from "../../core/protocol/wire.ts";
import type { ToolCall, ToolDecision } from "../../core/tool.ts";
import { type InProcess, type InProcessOptions, type StreamedAnswer, startInProcess } from "./in-process.ts";

/** A plugin for one test. */
export const plugin = (name: string, setup: (vr: Vr) => void): Plugin => ({ name, setup });

/** A tap of `onToolCall`. */
export type CallTap = TapFunction<[call: ToolCall, turn: Turn], ToolDecision>;

/** Refuses every request with what `make` gives. */
export const doorman = (make: () => unknown): Plugin =>
  plugin("doorman", ({ hooks }) =>
    hooks.beforeUpstream.tap(() => {
      throw make();
    }),
  );

/**
 * The same request, unstreamed and streamed, to two gateways of the same making: both must end with the same
 * status, output, error and usage. Gives the streamed answer.
 */
export async function bothWays(
  make: () => InProcessOptions,
  body: object = {},
): Promise<StreamedAnswer & { vr: InProcess }> {
  const plain = await startInProcess(make());
  const vr = await startInProcess(make());
  const unstreamed = await plain.post(body);
  const streamed = await vr.stream(body);
  expect(unstreamed.status, "status of both ways").toBe(streamed.status);
  if (streamed.status === 200) expect(outcomeOf(unstreamed.response)).toEqual(outcomeOf(streamed.response));
  else expect(unstreamed.error).toEqual(streamed.error);
  return Object.assign(streamed, { vr });
}

/** What does not differ from one making of a response to the next: ids are named by their place. */
function outcomeOf(response: StreamedAnswer["response"]) {
  const { id, status, output, error, incomplete_details, usage } = response;
  const digits = id.slice(id.indexOf("_") + 1);
  return JSON.parse(
    JSON.stringify({ status, output, error, incomplete_details, usage })
      .replaceAll(digits, "-")
      .replaceAll(/cntr_[0-9a-f]{48}/g, "cntr_-"),
  );
}

/** All words of an output's messages. */
export function wordsOf(output: readonly OutputItem[]): string {
  return output
    .flatMap((item) => (item.type === "message" ? item.content : []))
    .map((part) => (part.type === "output_text" ? part.text : part.type === "refusal" ? part.refusal : ""))
    .join("|");
}
