import type { ModelFunction, ModelRequest } from "../protocol/model-request.ts";
import { quote } from "../protocol/problem.ts";
import type { Tool } from "../tool.ts";

/** What may be called in a response. */
export interface Callable {
  /** Gateway tools by the name that the model calls. */
  readonly gateway: ReadonlyMap<string, Tool>;
  /** All functions, the client's own too. */
  readonly functions: readonly ModelFunction[];
}

/** What a turn's request, as taps have left it, offers the model. */
export type Offer = Pick<ModelRequest, "tools" | "toolChoice">;

/** What a model means by a name: a gateway tool, a function of the client's (`tool` is absent), or nothing there is. */
export interface Called {
  name: string;
  tool?: Tool;
  /** There is no such tool, in words for the model. */
  missing?: string;
}

/** Names that the model is told of; more would fill its context. */
const MOST_NAMES = 100;
/** OpenAI API: names of functions. Servers refuse a history with others. */
const LONGEST_NAME = 64;

/**
 * `offer` is absent where all gateway tools may be called: what the client has approved, and what does not run anyway.
 * Of names that nobody offered are understood those in front of what a model's chat format has leaked
 * (`clock<|channel|>commentary`, `functions.clock`), and an MCP tool's own name where only one server has it.
 */
export function resolveCalled(name: string, callable: Callable, offer: Offer | undefined): Called {
  const exact = exactly(name, callable, offer);
  if (exact) return exact;
  const plain = withoutFormat(name);
  const understood = exactly(plain, callable, offer);
  if (understood) return understood;
  const [own, another] = [...callable.gateway.values()].filter(({ wireName }) => wireName === plain);
  if (own && !another && isOffered(own.name, offer)) return { name: own.name, tool: own };
  return missing(name, plain, offer ? offer.tools.filter((each) => isOffered(each.name, offer)) : []);
}

function exactly(name: string, { gateway, functions }: Callable, offer: Offer | undefined) {
  const tool = gateway.get(name);
  if (tool) return isOffered(name, offer) ? { name, tool } : undefined;
  const isFunction = (each: ModelFunction) => each.name === name;
  return functions.some(isFunction) || offer?.tools.some(isFunction) ? { name } : undefined;
}

/** Servers may call what a tap has taken out of the request, or what `tool_choice` leaves out: the gateway runs neither. */
function isOffered(name: string, offer: Offer | undefined): boolean {
  if (!offer) return true;
  const { mode, names } = offer.toolChoice;
  if (mode === "none" || names?.includes(name) === false) return false;
  return offer.tools.some((each) => each.name === name);
}

function withoutFormat(name: string): string {
  const end = name.indexOf("<|");
  const plain = (end < 0 ? name : name.slice(0, end)).trim();
  return plain.startsWith("functions.") ? plain.slice("functions.".length) : plain;
}

/** It shows as a call of the gateway's that failed, since the client has nothing to run it with. */
function missing(name: string, plain: string, offered: readonly ModelFunction[]): Called {
  const names = offered.slice(0, MOST_NAMES).map((each) => each.name);
  const more = offered.length - names.length;
  const there = names.length === 0 ? "none" : names.join(", ") + (more > 0 ? ` and ${more} more` : "");
  const message = `There is no tool ${quote(name)}; there are ${there}.`;
  const fit = plain.replace(/[^a-zA-Z0-9_-]/g, "_").slice(0, LONGEST_NAME) || "unknown";
  const execute = (): never => {
    throw new Error(message);
  };
  return { name: fit, tool: { name: fit, parameters: {}, execute }, missing: message };
}
