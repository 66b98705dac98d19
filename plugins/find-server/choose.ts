import { ConfigError } from "../../core/index.ts";
import { type Found, identify } from "./identify.ts";
import { type ServerAt, type ServerKind, usualAddress } from "./kinds.ts";
import { chosenNotes, nothingFound, otherNotes, type Seen } from "./notes.ts";
import type { FindServerSettings } from "./settings.ts";

/** A kind of server to look for, and where. */
export interface Place {
  kind: ServerKind;
  /** Default: the usual address of the kind. */
  baseUrl?: string | undefined;
}

/** The server that the gateway uses. */
export interface Choice {
  kind: ServerKind;
  at: ServerAt;
  /** For the start banner: why this server was chosen, and which others were found. */
  notes: string[];
}

export interface Looking {
  /** Ordered by preference. */
  places: readonly Place[];
  /** Milliseconds for all places together. */
  timeoutMs: number;
  settings: FindServerSettings;
  env: NodeJS.ProcessEnv;
}

/**
 * Chooses the first place with a model server. All are asked at the same time. OpenAI counts as found if there is a key
 * for it. The demo counts as found always.
 * @throws ConfigError if nothing is found and the demo is not among the places
 */
export async function choose({ places, timeoutMs, settings, env }: Looking): Promise<Choice> {
  const signal = AbortSignal.timeout(timeoutMs);
  const seen = await Promise.all(places.map((place) => look(place, signal, settings, env)));
  const chosen = seen.find(({ found }) => found.type === "server");
  const others = seen.filter((other) => other !== chosen);
  const notes = others.flatMap((other) => otherNotes(other, timeoutMs));
  if (chosen?.found.type !== "server") throw new ConfigError([...nothingFound(others), ...notes].join("; "));
  const { kind, state } = chosen.found;
  const apiKey = kind === "openai" ? env.OPENAI_API_KEY?.trim() : settings.VR_UPSTREAM_API_KEY;
  const why = kind === "demo" ? nothingFound(others) : chosenNotes(kind, state, apiKey);
  return {
    kind,
    at: { baseUrl: chosen.baseUrl, ...(apiKey ? { apiKey } : {}) },
    notes: [...why, ...notes],
  };
}

async function look(
  place: Place,
  signal: AbortSignal,
  settings: FindServerSettings,
  env: NodeJS.ProcessEnv,
): Promise<Seen> {
  const { kind } = place;
  if (kind === "demo") return { kind, baseUrl: "", found: { type: "server", kind, state: "ready" } };
  if (kind === "openai" && !env.OPENAI_API_KEY?.trim()) return { kind, baseUrl: "", found: { type: "none" } };
  const baseUrl = place.baseUrl ?? usualAddress(kind, env) ?? "";
  if (kind !== "openai")
    return { kind, baseUrl, found: await identify(baseUrl, signal, settings.VR_UPSTREAM_API_KEY) };
  // Not asked: the start does not wait for the network.
  const found: Found = isOwnAddress(baseUrl, settings)
    ? { type: "itself" }
    : { type: "server", kind, state: "ready" };
  return { kind, baseUrl, found };
}

/** Clients of this gateway may have been told by `OPENAI_BASE_URL` where it is: it must not ask itself. */
function isOwnAddress(baseUrl: string, { port }: FindServerSettings): boolean {
  const { hostname, port: asked } = new URL(baseUrl);
  return /^(localhost|127\..*|\[::1\]|0\.0\.0\.0)$/.test(hostname) && asked === String(port);
}
