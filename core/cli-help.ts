import { Worker } from "node:worker_threads";
import { GATEWAY_HELP, pluginHelp } from "./cli-help-text.ts";
import type { HelpMessage } from "./cli-help-worker.ts";

/** Milliseconds for the configuration to load. */
const LOAD_MS = 2_000;
/** Memory for it. */
const MEMORY = { maxOldGenerationSizeMb: 256 };

const workerFile = new URL(
  `./cli-help-worker.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`,
  import.meta.url,
);

/**
 * `vr --help`: first what the gateway itself understands, then the variables of the plugins that `config` names, or the
 * nearest configuration. A configuration that does not load within `limitMs` costs one line. Never rejects.
 */
export async function help(
  write: (text: string) => void,
  config: string | undefined,
  limitMs = LOAD_MS,
): Promise<void> {
  write(GATEWAY_HELP);
  const { settings, failure } = await ask(config, limitMs).catch((error: Error) => ({
    settings: [],
    failure: error.message,
  }));
  if (settings.length > 0) write(pluginHelp(settings));
  if (failure) write(`\nNot listed are the variables of the configured plugins: ${oneLine(failure)}\n`);
}

/** The last that the thread says in time. Configurations run any code: in a thread, none can keep or end this process. */
async function ask(config: string | undefined, limitMs: number): Promise<HelpMessage> {
  const worker = new Worker(workerFile, {
    workerData: { config },
    stdout: true,
    stderr: true,
    resourceLimits: MEMORY,
  });
  // What the configuration prints is no help.
  worker.stdout.resume();
  worker.stderr.resume();
  const ended = Promise.withResolvers<string>();
  let told: HelpMessage = { settings: [] };
  worker.on("message", (message: HelpMessage) => {
    told = message;
    if (message.isLast) ended.resolve(message.failure ?? "");
  });
  worker.on("error", (error) => ended.resolve(error instanceof Error ? error.message : String(error)));
  worker.on("exit", () => ended.resolve("the configuration ended its process"));
  const timer = setTimeout(
    () => ended.resolve(`the configuration has not loaded within ${limitMs} ms`),
    limitMs,
  );
  const failure = await ended.promise;
  clearTimeout(timer);
  await worker.terminate();
  return { ...told, failure };
}

function oneLine(text: string): string {
  return text.split("\n")[0] ?? "";
}
