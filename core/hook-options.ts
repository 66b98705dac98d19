import { PluginError } from "./errors.ts";
import { isObject } from "./protocol/problem.ts";

export interface TapOptions {
  /** Distinguishes several taps of one plugin in errors and statistics. */
  name?: string;
  /** Lower stages run earlier; 0 by default. Taps of one stage run in the order of registration. */
  stage?: number;
  /** Runs before the taps of this name (`plugin`, or `plugin/name` for a tap with a name), whatever their stage. */
  before?: string;
  /** What happens when the tap throws anything but a `VrError` or `GuardrailStop`: "fail" (the default) fails the
   * request, "warn" logs the error and continues as if the tap had returned nothing. */
  onError?: "fail" | "warn";
}

export interface ChunkTapOptions extends TapOptions {
  /** Declares that the tap returns promises though it is not an `async function`. */
  async?: boolean;
}

export interface CallTapOptions extends TapOptions {
  /**
   * Declares that the tap may return `needs_approval`. Calls of gateway tools are then shown only after all taps have
   * decided, so a call that needs approval shows only as an `mcp_approval_request`.
   */
  asks?: boolean;
}

/** All options that any hook's taps have. */
export type AnyTapOptions = TapOptions & ChunkTapOptions & CallTapOptions;

interface OptionRule {
  readonly takes: string;
  is(value: unknown): boolean;
  /** The only hook that has this option. */
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

/** Rejects misspelt options and wrong values. @throws PluginError */
export function checkTapOptions(plugin: string, hook: string, options: unknown): void {
  const at = `plugin "${plugin}" taps ${hook}`;
  if (!isObject(options))
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
