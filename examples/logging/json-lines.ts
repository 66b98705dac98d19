import { definePlugin } from "vr-gateway";

const FIRST_CHUNK = "json-lines/first-chunk";

/** Writes one JSON line per response to standard output, with the cost of every tap of every plugin so far. */
export const jsonLines = definePlugin({
  name: "json-lines",
  setup(vr) {
    vr.hooks.onChunk.tap((_chunk, { response }) => {
      response.state(FIRST_CHUNK, Date.now); // the first call's value stays
    });
    vr.hooks.onComplete.tap(({ id, status, usage }, context) => {
      const line = {
        id,
        status,
        output_tokens: usage?.output_tokens ?? null,
        firstChunkMs: context.state(FIRST_CHUNK, Date.now) - context.startedAt,
        totalMs: Date.now() - context.startedAt,
        taps: vr.taps().map(({ name, hook, calls, errors, totalMs }) => ({
          tap: `${name}: ${hook}`,
          calls,
          errors,
          totalMs: Number(totalMs.toFixed(3)),
        })),
      };
      process.stdout.write(`${JSON.stringify(line)}\n`);
    });
  },
});
