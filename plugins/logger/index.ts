import { z } from "zod";
import { definePlugin } from "../../core/index.ts";
import { type Summary, summarize } from "./summary.ts";

const LEVELS = ["debug", "info", "warn", "error"] as const;
/** The log levels for a response, and for a failed one. */
const FIELDS = [
  ...(["id", "status", "model", "ms", "turns", "tools", "usage", "error", "incomplete"] as const),
  ...(["method", "path", "httpStatus", "code", "param", "message", "fault", "err"] as const),
];

/** Logs one structured line per response, refused ones included: metadata and usage, no contents. */
export const logger = definePlugin({
  name: "logger",
  once: true,
  options: z.object({
    level: z.enum(LEVELS).default("info"),
    fields: z.array(z.enum(FIELDS)).default([...FIELDS]),
    taps: z.boolean().default(false),
  }),
  setup(vr, { level, fields, taps }) {
    const hidden = FIELDS.filter((field) => !fields.includes(field));
    vr.hooks.onComplete.tap((response, context) => {
      const line: Partial<Summary> = summarize(response, context);
      for (const field of hidden) delete line[field];
      const { failure } = context;
      vr.log[failure && failure.status >= 500 ? "error" : level](line, `response ${response.status}`);
      if (failure) failure.logged = true;
    });

    if (taps)
      vr.onClose(() => {
        for (const { name, hook, calls, errors, totalMs, maxMs } of vr.taps())
          if (calls > 0) vr.log[level]({ tap: name, hook, calls, errors, totalMs, maxMs }, "tap");
      });
  },
});
