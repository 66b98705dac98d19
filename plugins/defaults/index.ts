import { ConfigError, isObject, type Plugin } from "../../core/index.ts";
import { codeInterpreter } from "../code-interpreter/index.ts";
import { findServer } from "../find-server/index.ts";
import { logger } from "../logger/index.ts";
import { mcp } from "../mcp/index.ts";
import { storeSqlite } from "../store-sqlite/index.ts";

/** The plugins of the set, in the order of their set-up. */
const MEMBERS = { upstream: findServer, store: storeSqlite, codeInterpreter, mcp, logger };

type Members = typeof MEMBERS;
type Member = keyof Members;

/** The options of each plugin of the set; `false` leaves it out. */
export type DefaultsOptions = {
  readonly [M in Member]?: Parameters<Members[M]>[0] | false;
};

/**
 * The plugins that run without a configuration, to combine with your own:
 * `plugins: [...defaults({ store: false }), mine()]`.
 * @throws ConfigError for an unknown member and for invalid options
 */
export function defaults(options: DefaultsOptions = {}): Plugin[] {
  checkMembers(options);
  const names = Object.keys(MEMBERS) as Member[];
  return names.flatMap((name) => {
    const given = options[name];
    return given === false ? [] : [create(name, given)];
  });
}

export default defaults;

function create(name: Member, options: unknown): Plugin {
  // `DefaultsOptions` types the options of each member.
  return (MEMBERS[name] as (options: unknown) => Plugin)(options);
}

function checkMembers(options: unknown): void {
  if (!isObject(options)) throw new ConfigError("defaults: expected an object such as { store: false }");
  for (const [name, given] of Object.entries(options)) {
    if (!Object.hasOwn(MEMBERS, name))
      throw new ConfigError(
        `defaults: Unrecognized key: "${name}"; there are ${Object.keys(MEMBERS).join(", ")}`,
      );
    if (given === undefined || given === false) continue;
    if (!isObject(given)) throw new ConfigError(`defaults: ${name}: expected its options, or false`);
    if (typeof given.setup === "function")
      throw new ConfigError(
        `defaults: ${name}: expected its options, or false; add your own plugin to the list: [...defaults({ ${name}: false }), yours()]`,
      );
  }
}
