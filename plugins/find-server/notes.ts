import type { Found, ServerState } from "./identify.ts";
import type { ServerKind } from "./kinds.ts";

/** A place, and what was found there. */
export interface Seen {
  kind: ServerKind;
  baseUrl: string;
  found: Found;
}

/** Says why the server was chosen, how to choose another, and what it lacks. */
export function chosenNotes(kind: ServerKind, state: ServerState, apiKey: string | undefined): string[] {
  const why = kind === "openai" ? "chosen because OPENAI_API_KEY is set" : "found running";
  const chosen = `${why}; VR_UPSTREAM=<URL> or VR_UPSTREAM_KIND=<kind> chooses another`;
  switch (state) {
    case "ready":
      return [chosen];
    case "loading":
      return [chosen, "it is loading its model"];
    case "locked":
      return [
        chosen,
        apiKey ? "it refuses the key in VR_UPSTREAM_API_KEY" : "it wants a key: VR_UPSTREAM_API_KEY",
      ];
  }
}

/** Says where no model server was found. */
export function nothingFound(seen: readonly Seen[]): string[] {
  const places = seen
    .filter(({ kind }) => kind !== "openai")
    .map(({ kind, baseUrl }) => `${kind} (${new URL(baseUrl).host})`);
  return places.length > 0 ? [`no model server was found; looked for ${places.join(", ")}`] : [];
}

/** Says what was found at a place that was not chosen, if it may interest the user. */
export function otherNotes({ kind, baseUrl, found }: Seen, timeoutMs: number): string[] {
  switch (found.type) {
    case "server":
      return kind === "openai" || kind === "demo" ? [] : [`also found: ${found.kind} at ${baseUrl}`];
    case "empty":
      return [`${found.kind} at ${baseUrl} has no model: give it one, then start again`];
    case "silent":
      return [
        `${baseUrl} did not answer within ${timeoutMs} ms: if it is a model server, VR_UPSTREAM=${baseUrl} chooses it`,
      ];
    case "itself":
      return ["OPENAI_BASE_URL is the address of this gateway, which cannot ask itself"];
    case "none":
      return [];
  }
}
