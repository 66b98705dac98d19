import { PluginError } from "./errors.ts";

export interface TapOptions {
  /** Tells several taps of one plugin apart in errors and figures. */
  name?: string;
  /** Lower runs earlier; 0 unless said. Within a stage, the order of registration. */
  stage?: number;
  /** Runs before the taps of this name (`plugin`, or `plugin/name` of a tap with a name), whatever their stage. */
  before?: string;
  /** What a throw does that is no `VrError` and no `GuardrailStop`: "fail" (the default) fails the request,
   * "warn" logs it and goes on as if nothing had been returned. */
  onError?: "fail" | "warn";
}

export interface ChunkTapOptions extends TapOptions {
  /** Says that a function returns promises when it is not an `async function` itself. */
  async?: boolean;
}

export interface CallTapOptions extends TapOptions {
  /**
   * Says that the tap may return `needs_approval`. Calls of gateway tools then show once all taps have spoken, so that
   * one that needs approval shows as an `mcp_approval_request` alone.
   */
  asks?: boolean;
}

/** The options of taps on any hook. */
export type AnyTapOptions = TapOptions & ChunkTapOptions & CallTapOptions;

interface OptionRule {
  readonly takes: string;
  is(value: unknown): boolean;
  /** The only hook that knows it. */
  readonly hook?: string;
}

const isName = (value: unknown) => typeof value === "string" && value !== "";

const RULES: { readonly [Option in keyof Required<AnyTapOptions>]: OptionRule } = {
  name: { takes: "a text", is: isName },
  stage: { takes: "a number", is: (value) => typeof value === "number" && !Number.isNaN(value) },
  before: { takes: "the name of a tap", is: isName },
  onError: { takes: '"fail" or "warn"', is: (value) => value === "fail" || value === "warn" },
  async: { takes: "true or false", is: (value) => typeof value === "boolean", hook: "onChunk" },
  asks: { takes: "true or false", is: (value) => typeof value === "boolean", hook: "onToolCall" },
};

/** A misspelt `onError`, or a `before` that is none, must not pass in silence. @throws PluginError */
export function checkTapOptions(plugin: string, hook: string, options: unknown): void {
  const at = `plugin "${plugin}" taps ${hook}`;
  if (typeof options !== "object" || options === null)
    throw new PluginError(`${at} with ${JSON.stringify(options) ?? typeof options} where its options belong`);
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(RULES, name) ? RULES[name as keyof AnyTapOptions] : undefined;
    if (!rule || (rule.hook ?? hook) !== hook) {
      const known = Object.entries<OptionRule>(RULES).filter(([, other]) => (other.hook ?? hook) === hook);
      const names = known.map(([other]) => other).join(", ");
      throw new PluginError(`${at} with the option "${name}", which it does not have; there are ${names}`);
    }
    if (value !== undefined && !rule.is(value))
      throw new PluginError(`${at} with a wrong option "${name}": it takes ${rule.takes}`);
  }
}
