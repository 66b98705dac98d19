import type { ResponseScope } from "../scopes.ts";
import type { Store } from "../store.ts";
import type { Engine } from "./engine.ts";

const NO_STORE = "this gateway keeps no responses, since no plugin of its configuration is a store";

/** Gateways whose log has said it already. */
const told = new WeakSet<Engine>();

/** Says to a client that wants its response to be kept, as is the default, that nobody keeps it; once to the log. */
export function warnWithoutStore(engine: Engine, { request, warnings }: ResponseScope): void {
  if (!request.store || engine.registry.store) return;
  const warning = `"store": true has no effect: ${NO_STORE}`;
  warnings.push(warning);
  if (told.has(engine)) return;
  told.add(engine);
  engine.log.warn({}, warning);
}

/** What is not found: where there is no store, why. `Item "…" not found.` */
export function notFoundIn(store: Store | undefined, what: string): string {
  return store ? `${what} not found.` : `${what} not found: ${NO_STORE}.`;
}
