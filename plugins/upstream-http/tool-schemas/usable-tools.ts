import {
  InvalidRequestError,
  type JsonSchema,
  type ModelFunction,
  type ModelRequest,
} from "../../../core/index.ts";
import { type SchemaQuirks, toParameters } from "./to-parameters.ts";
import { Unusable } from "./unusable.ts";

/** If more tools are left out, the further ones are counted, not named. */
const MOST_NAMED = 8;

/** The results by schema object, so that a tool that many requests bring is checked once. */
type Known = WeakMap<object, JsonSchema | Unusable>;

/** Adapts the functions of requests to what one server accepts. */
export class UsableTools {
  readonly #quirks: SchemaQuirks;
  readonly #known: Known = new WeakMap();

  constructor(quirks: SchemaQuirks) {
    this.#quirks = quirks;
  }

  /**
   * The request with schemas that the server accepts. A function without a usable schema is left out, with a call of
   * `warn`, so that one bad tool does not cost the others. Returns the same object if there is nothing to do, and never
   * writes to it.
   * @throws InvalidRequestError if the model must call a function that was left out
   */
  of(request: ModelRequest, warn: (message: string) => void): ModelRequest {
    let changed = false;
    const left: string[] = [];
    const tools: ModelFunction[] = [];
    for (const tool of request.tools) {
      const parameters = this.#parametersOf(tool);
      if (parameters instanceof Unusable) {
        left.push(tool.name);
        if (left.length <= MOST_NAMED)
          warn(`the tool "${tool.name}" was left out: its schema cannot be used: ${parameters.message}`);
      } else if (parameters === tool.parameters) tools.push(tool);
      else {
        tools.push({ ...tool, parameters });
        changed = true;
      }
    }
    const more = left.length - MOST_NAMED;
    if (more > 0) warn(`${more} more tools were left out: their schemas cannot be used`);
    if (left.length > 0) return without(left, { ...request, tools });
    return changed ? { ...request, tools } : request;
  }

  #parametersOf({ parameters }: ModelFunction): JsonSchema | Unusable {
    if (typeof parameters !== "object" || parameters === null) return this.#toParameters(parameters);
    let known = this.#known.get(parameters);
    if (known === undefined) {
      known = this.#toParameters(parameters);
      this.#known.set(parameters, known);
    }
    return known;
  }

  #toParameters(schema: unknown): JsonSchema | Unusable {
    try {
      return toParameters(schema, this.#quirks);
    } catch (error) {
      if (error instanceof Unusable) return error;
      throw error;
    }
  }
}

/** Removes left-out functions from the tool choice. A choice of left-out functions alone is refused. */
function without(left: readonly string[], request: ModelRequest): ModelRequest {
  const { mode, names, hosted } = request.toolChoice;
  const gone = new Set(left);
  const rest = names?.filter((name) => !gone.has(name));
  const offered = rest?.length ?? request.tools.length;
  const others = (hosted?.length ?? 0) + (names === undefined ? (request.hosted?.tools.length ?? 0) : 0);
  if (mode === "required" && offered + others === 0)
    throw new InvalidRequestError(
      `tool_choice cannot be kept: the schema of "${names?.[0] ?? left[0]}" cannot be used`,
      { param: "tool_choice" },
    );
  return rest === undefined ? request : { ...request, toolChoice: { ...request.toolChoice, names: rest } };
}
