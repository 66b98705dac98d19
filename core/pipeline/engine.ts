import type { Log } from "../context.ts";
import type { SealedHooks } from "../hooks.ts";
import type { Registry } from "../registry.ts";
import type { SequencerTimes } from "../response/sequencer.ts";
import type { UpstreamRouter } from "../routing/router.ts";
import type { UnderWay } from "../under-way.ts";

export interface Limits extends SequencerTimes {
  /** Model calls per response; the last is sent without tools. */
  maxTurns: number;
  /** Milliseconds that one call of a gateway tool may take. */
  toolTimeoutMs: number;
  /** Milliseconds that one call of the store may take. */
  storeTimeoutMs: number;
  /** Most milliseconds for one call of a plugin's tap. */
  hookTimeoutMs: number;
}

/** What the pipeline works with: everything that plugins set up, and the limits. */
export interface Engine {
  readonly hooks: SealedHooks;
  readonly registry: Registry;
  readonly router: UpstreamRouter;
  readonly log: Log;
  readonly limits: Limits;
  /** Observers of ended responses that still run; a gateway that closes waits for them. */
  readonly observing: UnderWay<Promise<void>>;
}
