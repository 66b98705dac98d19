import { ConfigError } from "../../../core/index.ts";
import type { RuntimeEnvironment, RuntimeFactory } from "../runtime.ts";
import { type Address, parseAddress, URL_FORM } from "./address.ts";
import { type CheckedOptions, type JupyterOptions, options } from "./options.ts";
import { JupyterRuntime } from "./runtime.ts";

export type { JupyterOptions } from "./options.ts";

/**
 * Runs code in the kernels of a Jupyter server or kernel gateway, one kernel per container. Nothing is asked of the
 * server before the first container, or the first check.
 * @throws ConfigError for options that are wrong; at `create` when nobody says where the server is
 */
export function jupyter(given: JupyterOptions = {}): RuntimeFactory {
  const checked = options.safeParse(given);
  if (!checked.success) {
    const lines = checked.error.issues.map(
      ({ path, message }) => `jupyter: ${[...path, message].join(": ")}`,
    );
    throw new ConfigError(lines.join("\n"));
  }
  return {
    name: "jupyter",
    create: (environment) => {
      const address = addressOf(checked.data, environment);
      const token = checked.data.token ?? address.token ?? (environment.jupyterToken?.trim() || undefined);
      return new JupyterRuntime({ ...address, token }, checked.data, environment.log);
    },
  };
}

function addressOf({ url }: CheckedOptions, { jupyterUrl }: RuntimeEnvironment): Address {
  const text = url ?? jupyterUrl;
  if (!text) throw new ConfigError("jupyter: needs url, or VR_JUPYTER_URL");
  const address = parseAddress(text);
  if (!address) throw new ConfigError(`VR_JUPYTER_URL: ${URL_FORM}`);
  return address;
}
