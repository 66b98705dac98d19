import type { ChatQuirks } from "../dialect-chat/index.ts";

/** What a server says about a model; `undefined` where it says nothing. */
export interface Capabilities {
  readonly tools?: boolean | undefined;
  readonly images?: boolean | undefined;
  readonly thinks?: boolean | undefined;
  /** Tokens of prompt and answer together; the server cuts a longer prompt without a word. */
  readonly contextTokens?: number | undefined;
}

/** Asks for a path below the server's root (the base URL without its version). Gives the JSON of the answer, or `undefined` if there is none. */
export type AskServer = (path: string, body?: object) => Promise<unknown>;

/** Reads what a model can do from a server of the family. */
export type ReadCapabilities = (ask: AskServer, model: string) => Promise<Capabilities>;

/** What servers of one kind have in common. */
export interface ServerFamily {
  /** Names the upstream unless its options do. */
  readonly name: string;
  /** How the chat completions of these servers differ from what is taken for granted. */
  readonly quirks: Partial<ChatQuirks>;
  /** Reads what a model can do, before its first call; absent if these servers do not say. */
  readonly capabilities?: ReadCapabilities;
}
