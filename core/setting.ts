import { z } from "zod";
import { checkOptions } from "./check-options.ts";
import { ConfigError, isVrError } from "./errors.ts";

/** An environment variable that a plugin reads. Make one with `setting`. */
export interface Setting<Schema extends z.ZodType = z.ZodType> {
  /** Turns the variable's text into its value. Its messages say what was expected: "expected a port". */
  readonly schema: Schema;
  /** What the variable does, in one sentence for `vr --help`, with an example. */
  readonly help: string;
  /**
   * `true`: the value is cut out of logs, errors and reports. A function returns the parts to cut out, such as the
   * password of a URL. Either way an error does not show the text.
   */
  readonly secret?: boolean | ((text: string) => readonly string[]);
}

/** What a plugin declares, by the names of the variables: `VR_` and capital letters, digits or `_`. */
export type SettingDeclarations = Readonly<Record<string, Setting>>;

/** The values of declared variables; `undefined` if a variable is unset or empty. */
export type SettingValues<Declared extends SettingDeclarations> = {
  readonly [Name in keyof Declared]: z.output<Declared[Name]["schema"]> | undefined;
};

/** What the gateway itself was told, for plugins. */
export interface GatewaySettings {
  /** Port that the gateway is going to listen on; 0 takes a free one. */
  readonly port?: number | undefined;
  readonly logLevel: string;
  /** `VR_LOG_BODIES` */
  readonly logBodies?: boolean | undefined;
}

/** What a plugin reads at `vr.settings`: the gateway's settings and the variables that the plugin declares. */
export type Settings<Declared extends SettingDeclarations = Record<never, never>> = GatewaySettings &
  SettingValues<Declared>;

/**
 * Declares an environment variable of a plugin:
 * `definePlugin({ settings: { VR_CITY: setting({ schema: z.string().min(2), help: "city of the forecast" }) } })`.
 *
 * The variable's text is checked before any plugin's `setup`; the value is `vr.settings.VR_CITY`, or `undefined` if the
 * variable is unset or empty. Variables override options, so write `vr.settings.VR_CITY ?? options.city ?? "Kyiv"` and
 * give the schema no default. `vr --help` and `vr check` list the variable. Several plugins may declare the same variable
 * if schema and help are equal.
 */
export function setting<Schema extends z.ZodType>(declaration: Setting<Schema>): Setting<Schema> {
  return declaration;
}

/** The schema of a switch: true, false, 1 or 0. A misspelt word is an error, so that no guard stays off by mistake. */
export const trueOrFalse = z
  .string()
  .trim()
  .pipe(z.stringbool({ truthy: ["true", "1"], falsy: ["false", "0"], error: "expected true or false" }));

/**
 * The value of a text; `undefined` if there is none. `source` names the variable or the flag in errors.
 * @throws ConfigError that names the source, and shows the text unless it may hold a secret
 */
export function readSetting<Schema extends z.ZodType>(
  source: string,
  { schema, secret }: Setting<Schema>,
  text: string | undefined,
): z.output<Schema> | undefined {
  if (text === undefined) return undefined;
  // What comes before an @ in a mistyped URL may be a password, and a query may hold a token.
  const given = secret || /@|token=/i.test(text) ? source : `${source} is "${text}"`;
  try {
    return checkOptions(given, schema, text);
  } catch (error) {
    if (isVrError(error)) throw error;
    throw new ConfigError(`${source}: its schema failed: ${(error as Error).message}`, { cause: error });
  }
}

/** An empty variable counts as unset. */
export function nonEmpty(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}
