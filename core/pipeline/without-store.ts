import type { ResponseScope } from "../scopes.ts";
import type { Store } from "../store.ts";
import type { Engine } from "./engine.ts";

const NO_STORE = "this gateway keeps no responses, since no plugin of its configuration is a store";

/** Gateways that have already logged it. */
const warned = new WeakSet<Engine>();

/** Warns a client whose response would be stored (the default) that there is no store; logs it once per gateway. */
export function warnWithoutStore(engine: Engine, { request, warnings }: ResponseScope): void {
  if (!request.store || engine.registry.store) return;
  const warning = `"store": true has no effect: ${NO_STORE}`;
  warnings.push(warning);
  if (warned.has(engine)) return;
  warned.add(engine);
  engine.log.warn({}, warning);
}

/** The message for something not found (`Item "…" not found.`), with the reason if there is no store. */
export function notFoundIn(store: Store | undefined, what: string): string {
  return store ? `${what} not found.` : `${what} not found: ${NO_STORE}.`;
}
