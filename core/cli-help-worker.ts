import { parentPort, workerData } from "node:worker_threads";
import { bringing } from "./cli-brought.ts";
import { loadConfig } from "./config-file.ts";
import { type DeclaredSetting, declaredSettings } from "./declared-settings.ts";
import type { Plugin } from "./plugin.ts";
import { cutSecrets } from "./secrets.ts";

/** A message of the thread to `vr --help`: the first without the configuration's plugins, the last with them. */
export interface HelpMessage {
  readonly settings: readonly Pick<DeclaredSetting, "name" | "help" | "plugins">[];
  /** Why the configuration could not be loaded. */
  readonly failure?: string;
  readonly isLast?: boolean;
}

const send = (message: HelpMessage) => parentPort?.postMessage(message);

/** A schema cannot be sent to another thread. */
function listed(plugins: readonly Pick<Plugin, "name" | "settings">[]): HelpMessage["settings"] {
  return declaredSettings(plugins).map(({ name, help, plugins }) => ({ name, help, plugins }));
}

const known = await bringing();
send({ settings: listed(known) });
try {
  const { config } = await loadConfig(workerData.config);
  send({ settings: listed([...known, ...config.plugins]), isLast: true });
} catch (error) {
  const failure = cutSecrets(error instanceof Error ? error.message : String(error));
  send({ settings: listed(known), failure, isLast: true });
}
