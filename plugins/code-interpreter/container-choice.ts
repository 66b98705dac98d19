import { z } from "zod";
import {
  checkRequest,
  InvalidRequestError,
  isObject,
  newId,
  type ResponseContext,
  type ToolEntry,
} from "../../core/index.ts";
import { ALL_LOST } from "./container.ts";
import type { Interpreter } from "./interpreter.ts";

/** What `container: {…}` and `POST /v1/containers` have in common. */
export const environmentShape = {
  file_ids: z.array(z.string()).nullish(),
  memory_limit: z.enum(["1g", "4g", "16g", "64g"]).nullish(),
  network_policy: z.looseObject({ type: z.enum(["disabled", "allowlist"]) }).nullish(),
};

const auto = z.object({ type: z.literal("auto"), ...environmentShape });
const id = z.custom<string>(
  (value) => typeof value === "string" && value !== "",
  'a container id or {"type": "auto"}',
);

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
  const given = (entry as { container?: unknown }).container ?? { type: "auto" };
  if (!isObject(given)) {
    const named = checkRequest(id, given, { path: "container" });
    return { id: interpreter.containers.find(named, "container").id, loss: undefined };
  }
  const environment = checkRequest(auto, given, { path: "container" });
  const warning = checkEnvironment(interpreter, environment, "container.");
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
  { file_ids, network_policy, memory_limit }: Environment,
  path = "",
): string | undefined {
  const refuse = (key: string, message: string) =>
    new InvalidRequestError(message, { param: `${path}${key}` });
  if (file_ids?.length) throw refuse("file_ids", "files cannot be uploaded to containers yet");
  if (network_policy?.type === "allowlist")
    throw refuse("network_policy", "code cannot be given access to chosen domains here");
  if (network_policy?.type === "disabled" && runtime.network === "open")
    throw refuse(
      "network_policy",
      `the network of the ${runtime.name} runtime cannot be disabled by a request`,
    );
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
