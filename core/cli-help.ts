import { Worker } from "node:worker_threads";
import { GATEWAY_HELP, pluginHelp } from "./cli-help-text.ts";
import type { HelpMessage } from "./cli-help-worker.ts";

/** Milliseconds for the configuration to load. */
const LOAD_MS = 2_000;
/** Memory for loading it. */
const MEMORY = { maxOldGenerationSizeMb: 256 };

const workerFile = new URL(
  `./cli-help-worker.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`,
  import.meta.url,
);

/**
 * `vr --help`: first what the gateway itself understands, then the variables of the plugins that `config` names, or the
 * nearest configuration. A configuration that does not load within `limitMs` is one line of the help. Never rejects.
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

/**
 * The last message of the thread within the limit. A configuration can run any code; in a thread it cannot block or end
 * this process.
 */
async function ask(config: string | undefined, limitMs: number): Promise<HelpMessage> {
  const worker = new Worker(workerFile, {
    workerData: { config },
    stdout: true,
    stderr: true,
    resourceLimits: MEMORY,
  });
  // Output of the configuration does not belong into the help.
  worker.stdout.resume();
  worker.stderr.resume();
  const ended = Promise.withResolvers<string>();
  let received: HelpMessage = { settings: [] };
  worker.on("message", (message: HelpMessage) => {
    received = message;
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
  return { ...received, failure };
}

function oneLine(text: string): string {
  return text.split("\n")[0] ?? "";
}
