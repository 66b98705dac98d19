/** What plugin authors must not be able to write. Checked by the compiler: each line that is wrong must stay so. */
import { z } from "zod";
import { definePlugin, type ModelChunk, setting, type Vr } from "../../core/index.ts";
import { defaults } from "../../plugins/defaults/index.ts";

export function tapOptions({ hooks }: Vr): void {
  hooks.onChunk.tap({ name: "words", stage: 1, before: "logger", onError: "warn", async: true }, () => {});
  // @ts-expect-error: there is no such hook
  hooks.onChunks.tap(() => {});
  // @ts-expect-error: a misspelt option
  hooks.onChunk.tap({ onErr: "warn" }, () => {});
  // @ts-expect-error: a word that the option does not take
  hooks.onChunk.tap({ onError: "ignore" }, () => {});
  // @ts-expect-error: an option of onChunk alone
  hooks.onOutputItem.tap({ async: true }, () => {});
  // @ts-expect-error: options come first
  hooks.onChunk.tap(() => {}, { stage: 1 });
  // @ts-expect-error: a name alone, as tapable has it
  hooks.onChunk.tap("words", () => {});
  // @ts-expect-error: no function
  hooks.onChunk.tap({ stage: 1 });
  // @ts-expect-error: hooks are the core's
  hooks.onChunk = hooks.onOutputItem;
}

export function whatTapsReturn({ hooks }: Vr): void {
  // @ts-expect-error: null is no way to change nothing
  hooks.onChunk.tap(() => null);
  // @ts-expect-error: words are no chunk
  hooks.onChunk.tap(() => "noon");
  // @ts-expect-error: a text chunk has text
  hooks.onChunk.tap(() => ({ type: "text" }));
  // @ts-expect-error: deny needs a reason
  hooks.onToolCall.tap(() => ({ kind: "deny" }));
}

export function chunks(chunk: ModelChunk, all: ModelChunk[]): void {
  // @ts-expect-error: nobody writes into a chunk
  if (chunk.type === "text") chunk.text += "!";
  // @ts-expect-error: nor into what it holds
  if (chunk.type === "text") chunk.logprobs?.push({ token: "a", logprob: 0, bytes: [], top_logprobs: [] });
  // @ts-expect-error: nor into usage
  if (chunk.type === "usage") chunk.usage.total_tokens = 0;
  all.push({ ...chunk });
}

export function tools({ tools: { add } }: Vr): void {
  const parameters = { type: "object" };
  add({ name: "clock", parameters, execute: () => "12" });
  add({ name: "clock", parameters, execute: async () => ({ hour: 12, zone: "UTC" }) });
  add({ name: "clock", parameters, execute: () => [{ hour: 12 }] });
  add({ name: "clock", parameters, execute: () => ({ kind: "error", message: "no" }) });
  // @ts-expect-error: parameters are missing
  add({ name: "clock", execute: () => "12" });
  // @ts-expect-error: a misspelt result
  add({ name: "clock", parameters, execute: () => ({ kind: "outptu", output: "12" }) });
  // @ts-expect-error: a result without its output
  add({ name: "clock", parameters, execute: () => ({ kind: "output" }) });
  // @ts-expect-error: a number is no result
  add({ name: "clock", parameters, execute: () => 12 });
  // @ts-expect-error: a misspelt offer
  add({ name: "clock", parameters, execute: () => "12" }, { offer: "requests" });
}

export function shippedSet(): void {
  defaults({ upstream: { timeoutMs: 100 }, logger: { level: "debug" }, store: false });
  // @ts-expect-error: there is no such member
  defaults({ loger: {} });
  // @ts-expect-error: an option that its plugin does not have
  defaults({ logger: { levl: "debug" } });
  // @ts-expect-error: options of another member
  defaults({ store: { level: "debug" } });
  // @ts-expect-error: a member is left out, or takes options
  defaults({ store: true });
}

export const declared = definePlugin({
  name: "declared",
  settings: { VR_DAYS: setting({ schema: z.coerce.number(), help: "days ahead" }) },
  options: z.object({ days: z.number().default(3) }),
  setup({ settings }, options) {
    const days: number = settings.VR_DAYS ?? options.days;
    // @ts-expect-error: a variable may be unset
    const set: number = settings.VR_DAYS;
    // @ts-expect-error: it is what the schema makes of its text
    const text: string | undefined = settings.VR_DAYS;
    // @ts-expect-error: another plugin's variable
    void settings.VR_DB_PATH;
    const level: string = settings.logLevel;
    void [days, set, text, level];
  },
});

export const withoutOptions = definePlugin({
  name: "without-options",
  settings: { VR_DAYS: setting({ schema: z.coerce.number(), help: "days ahead" }) },
  setup({ settings }) {
    const days: number | undefined = settings.VR_DAYS;
    // @ts-expect-error: a misspelt variable
    void settings.VR_DAY;
    void days;
  },
});

export const withoutSettings = definePlugin({
  name: "without-settings",
  setup({ settings }) {
    // @ts-expect-error: it declares none
    void settings.VR_DAYS;
  },
});

// @ts-expect-error: a variable has a help
setting({ schema: z.string() });
