import { z } from "zod";
import { InvalidRequestError, newId, type ResponseContext, type ToolEntry } from "../../core/index.ts";
import { ALL_LOST } from "./container.ts";
import type { Interpreter } from "./interpreter.ts";

const LATER = "files cannot be uploaded to containers yet";

/** What `container: {…}` and `POST /v1/containers` have in common. */
export const environmentShape = {
  file_ids: z.array(z.string()).max(0, LATER).nullish(),
  memory_limit: z.enum(["1g", "4g", "16g", "64g"]).nullish(),
  network_policy: z
    .union([z.looseObject({ type: z.literal("disabled") }), z.looseObject({ type: z.literal("allowlist") })])
    .nullish(),
};

const auto = z.object({ type: z.literal("auto"), ...environmentShape });
const container = z.union([z.string().min(1), auto]).default({ type: "auto" });

export type Environment = z.output<z.ZodObject<typeof environmentShape>>;

export interface ContainerChoice {
  id: string;
  /** A sentence for the model, should the container have to be made: what it had is gone. */
  loss: string | undefined;
}

/**
 * The container that an entry of `tools[]` means: the one it names, else the conversation's own, else a new one,
 * whose id is known before there is anything behind it.
 * @throws InvalidRequestError, NotFoundError whose `param` is the place within the entry
 */
export function chooseContainer(
  interpreter: Interpreter,
  entry: ToolEntry,
  context: ResponseContext,
): ContainerChoice {
  const given = (entry as { container?: unknown }).container ?? undefined;
  const parsed = container.safeParse(given);
  if (!parsed.success) throw toInvalid(given, parsed.error);
  if (typeof parsed.data === "string")
    return { id: interpreter.containers.find(parsed.data, "container").id, loss: undefined };
  const warning = checkEnvironment(interpreter, parsed.data, "container.");
  if (warning) context.warn(warning);
  return containerOf(interpreter, context) ?? { id: newId("cntr"), loss: undefined };
}

/**
 * What a runtime cannot give is refused, but less memory than was asked for: most code needs little.
 * @returns a warning
 * @throws InvalidRequestError
 */
export function checkEnvironment(
  { runtime }: Interpreter,
  { network_policy, memory_limit }: Environment,
  path = "",
): string | undefined {
  const refuse = (message: string) => new InvalidRequestError(message, { param: `${path}network_policy` });
  if (network_policy?.type === "allowlist")
    throw refuse("code cannot be given access to chosen domains here");
  if (network_policy?.type === "disabled" && runtime.network === "open")
    throw refuse(`the network of the ${runtime.name} runtime cannot be disabled by a request`);
  return memory_limit
    ? `${path}memory_limit: containers have the memory that the gateway gives them`
    : undefined;
}

/** The container of the conversation's last call, or a new one if it is gone. `undefined` if no call ever ran. */
function containerOf(
  { containers, freshGlobals }: Interpreter,
  { history }: ResponseContext,
): ContainerChoice | undefined {
  if (freshGlobals) return undefined;
  const calls = history.flatMap(({ item }) => (item.type === "code_interpreter_call" ? [item] : []));
  const id: unknown = calls.at(-1)?.container_id;
  if (typeof id === "string" && containers.get(id)) return { id, loss: undefined };
  // Calls that waited for approval or were cut off left nothing that could be lost.
  if (!calls.some(({ status }) => status === "completed" || status === "failed")) return undefined;
  return { id: newId("cntr"), loss: `${ALL_LOST} Their container is gone.` };
}

function toInvalid(given: unknown, error: z.ZodError): InvalidRequestError {
  if (typeof given !== "object" || given === null)
    return new InvalidRequestError('expected a container id or {"type": "auto"}', { param: "container" });
  const result = auto.safeParse(given);
  const issue = (result.error ?? error).issues[0];
  return new InvalidRequestError(issue?.message ?? "not a container", {
    param: ["container", ...(issue?.path ?? [])].join("."),
  });
}
