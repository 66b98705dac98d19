import type { ModelFunction, ModelRequest } from "../protocol/model-request.ts";
import { quote } from "../protocol/problem.ts";
import type { Tool } from "../tool.ts";

/** What a model can call in a response. */
export interface Callable {
  /** Gateway tools, by the name that the model calls. */
  readonly gateway: ReadonlyMap<string, Tool>;
  /** All functions, the client's included. */
  readonly functions: readonly ModelFunction[];
}

/** What a turn's request offers the model after the taps have changed it. */
export type Offer = Pick<ModelRequest, "tools" | "toolChoice">;

/** What a called name means: a gateway tool, a function of the client (`tool` is absent), or an unknown tool. */
export interface Called {
  name: string;
  tool?: Tool;
  /** Set for an unknown tool: the error for the model. */
  missing?: string;
}

/** Most names listed in the error; more would fill the model's context. */
const MOST_NAMES = 100;
/** OpenAI's limit for function names. Servers refuse a history with longer ones. */
const LONGEST_NAME = 64;

/**
 * `offer` is absent where every gateway tool may be called: for approved calls, and for calls that do not run anyway.
 * Two kinds of names that were not offered are understood: one with leaked parts of the model's chat format
 * (`clock<|channel|>commentary`, `functions.clock`), and an MCP tool's own name if only one server has it.
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

/** A model may call a tool that a tap removed, or that `tool_choice` excludes: the gateway runs neither. */
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

/** A call of an unknown tool is shown as a failed gateway call, since the client cannot run it. */
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
