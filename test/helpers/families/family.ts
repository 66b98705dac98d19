import type { Plugin } from "../../../core/plugin.ts";
import type { ServerOptions } from "../../../plugins/upstream-http/index.ts";
import type { Script } from "../chat-server.ts";
import type { Rule } from "./rules.ts";

/** What a model says in one turn. */
export interface Says {
  reasoning?: string;
  text?: string;
  calls?: { id: string; name: string; args: object }[];
  finish?: string;
  usage?: [input: number, output: number];
}

/** What a client should make of an answer; keys for what there was. */
export interface Told {
  reasoning?: string;
  text?: string;
  refusal?: string;
  calls?: [name: string, args: object][];
  usage: [input: number, output: number];
}

/** Model servers of one kind: the plugin for them, and what is known of how they behave. */
export interface Family {
  /** Default: the upstream's. */
  readonly name: string;
  /** Path of its plugin, below `plugins/`. */
  readonly folder: string;
  readonly plugin: (options?: ServerOptionsOf) => Plugin;
  /** Where its servers usually are; `undefined`: a user must say it. */
  readonly usual: string | undefined;
  /** Top-level fields of a request that its server reads; it ignores any other in silence, or refuses it. */
  readonly reads: readonly string[];
  /** The same of messages. */
  readonly readsOfMessages: readonly string[];
  /** What else its server would ignore in silence. */
  // biome-ignore lint/suspicious/noExplicitAny: a request body, as it came.
  ignores?(body: any): string[];
  /** What its server refuses; the first rule that has something to say. */
  readonly rules: readonly Rule[];
  /** The error body of its refusals, which are 400. */
  refusal(message: string): object;
  /** Its refusal of images where the model takes none. */
  readonly imageRefusal: { readonly status: number; readonly body: object };
  /** An answer in the manner of its server, streamed or not, as it is asked. */
  says(content: Says): Script;
  /** The field in which it gives reasoning and takes it back; `undefined`: it does neither. */
  readonly reasoningField: "reasoning" | "reasoning_content" | undefined;
  /** Whether `<think>` in its text is reasoning. */
  readonly thinkTags: boolean;
  /** System and developer messages, as its server must get them. */
  readonly roles: "merged" | "kept";
  /** Recorded or written streams of its servers. */
  readonly streams: Readonly<Record<string, Told>>;
  /** The same, of answers that came as one. */
  readonly wholes: Readonly<Record<string, Told>>;
  /** The stream in which an error comes after "Half an". */
  readonly breaking: string;
  /** Errors of its servers, and what the client gets. */
  readonly errors: Readonly<Record<string, { status: number; code?: string | null; message: string }>>;
}

type ServerOptionsOf = Partial<ServerOptions>;
