import { z } from "zod";
import { definePlugin } from "../../core/index.ts";
import { summarize } from "./summary.ts";

const LEVELS = ["debug", "info", "warn", "error"] as const;
const FIELDS = ["id", "status", "model", "ms", "turns", "tools", "usage", "error", "incomplete"] as const;

/** One structured line per finished response: what it was and what it cost, nothing of what was said. */
export const logger = definePlugin({
  name: "logger",
  options: z.object({
    level: z.enum(LEVELS).default("info"),
    fields: z.array(z.enum(FIELDS)).default([...FIELDS]),
    taps: z.boolean().default(false),
  }),
  setup(vr, { level, fields, taps }) {
    vr.hooks.beforeUpstream.tap((_request, turn) => {
      turn.response.state("logger", () => ({ turns: 0 })).turns = turn.index + 1;
    });

    vr.hooks.onComplete.tap((response, context) => {
      const { turns } = context.state("logger", () => ({ turns: 0 }));
      const summary = summarize(response, { turns, ms: Date.now() - context.startedAt });
      const line = Object.fromEntries(
        Object.entries(summary).filter(([name]) => fields.some((field) => field === name)),
      );
      vr.log[level](line, `response ${response.status}`);
    });

    if (taps)
      vr.onClose(() => {
        for (const { name, hook, calls, errors, totalMs, maxMs } of vr.taps())
          if (calls > 0) vr.log[level]({ tap: name, hook, calls, errors, totalMs, maxMs }, "tap");
      });
  },
});
