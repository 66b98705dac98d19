import type { ChatQuirks } from "../dialect-chat/index.ts";

/** What a server says about a model. `undefined`: it says nothing. */
export interface Capabilities {
  readonly tools?: boolean | undefined;
  readonly images?: boolean | undefined;
  readonly thinks?: boolean | undefined;
  /** The context size in tokens, prompt and answer together. The server cuts a longer prompt without an error. */
  readonly contextTokens?: number | undefined;
}

/**
 * Asks for a path below the server's root (the base URL without its version). Resolves with the answer's JSON, or
 * `undefined` if the answer has no JSON.
 */
export type AskServer = (path: string, body?: object) => Promise<unknown>;

/** Asks a server of the family what a model can do. */
export type ReadCapabilities = (ask: AskServer, model: string) => Promise<Capabilities>;

/** What servers of one kind have in common. */
export interface ServerFamily {
  /** The upstream's name if its options give none. */
  readonly name: string;
  /** How the chat completions of these servers differ from the defaults. */
  readonly quirks: Partial<ChatQuirks>;
  /** Asks what a model can do, before its first call. Absent if these servers do not say. */
  readonly capabilities?: ReadCapabilities;
}
