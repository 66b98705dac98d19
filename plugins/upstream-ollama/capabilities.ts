import type { AskServer, Capabilities } from "../upstream-http/index.ts";

/** The answer of `POST /api/show`: the fields that are read. */
interface Shown {
  capabilities?: unknown;
  /** Lines of the Modelfile, such as `num_ctx 8192`. */
  parameters?: unknown;
  model_info?: unknown;
}

/**
 * What Ollama says about a model. The context size is that of the loaded model (`/api/ps`), which depends on the
 * server's settings; else the one in its Modelfile; else the size it was trained for, which Ollama never exceeds.
 */
export async function capabilitiesOf(ask: AskServer, model: string): Promise<Capabilities> {
  const [shown, running] = await Promise.all([ask("/api/show", { model }), ask("/api/ps")]);
  const { capabilities, parameters, model_info: info } = (shown ?? {}) as Shown;
  const known = Array.isArray(capabilities) ? new Set<unknown>(capabilities) : undefined;
  return {
    tools: known?.has("tools"),
    images: known?.has("vision"),
    thinks: known?.has("thinking"),
    contextTokens: loadedContext(running, model) ?? ofModelfile(parameters) ?? trainedContext(info),
  };
}

function loadedContext(running: unknown, model: string): number | undefined {
  const { models } = (running ?? {}) as { models?: unknown };
  if (!Array.isArray(models)) return undefined;
  const loaded = models.find((each) => each?.model === model || each?.model === `${model}:latest`);
  return tokens(loaded?.context_length);
}

function ofModelfile(parameters: unknown): number | undefined {
  if (typeof parameters !== "string") return undefined;
  return tokens(Number(/^num_ctx\s+(\d+)/m.exec(parameters)?.[1]));
}

function trainedContext(info: unknown): number | undefined {
  const known = (info ?? {}) as Record<string, unknown>;
  return tokens(known[`${known["general.architecture"]}.context_length`]);
}

function tokens(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}
