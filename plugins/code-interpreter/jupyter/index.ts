import { ConfigError, checkOptions } from "../../../core/index.ts";
import { lazyRuntime } from "../lazy-runtime.ts";
import type { RuntimeEnvironment, RuntimeFactory, RuntimeFacts } from "../runtime.ts";
import { type Address, parseAddress, URL_FORM } from "./address.ts";
import { type CheckedOptions, type JupyterOptions, options, token } from "./options.ts";

export type { JupyterOptions } from "./options.ts";

const ABILITIES =
  "It runs in a Jupyter kernel, with the packages that are installed there; figures of matplotlib are shown as images.";

/**
 * Runs code in the kernels of a Jupyter server or kernel gateway, one kernel per container. The server is not called
 * before the first container or the first check.
 * @throws ConfigError for wrong options; at `create` if the server's URL is not given
 */
export function jupyter(given: JupyterOptions = {}): RuntimeFactory {
  const checked = checkOptions("jupyter", options, given);
  return {
    name: "jupyter",
    create: (environment) => {
      const address = addressOf(checked, environment);
      const token = checked.token ?? tokenOf(address, environment);
      return lazyRuntime(factsOf(address, checked), async () => {
        const { JupyterRuntime } = await import("./runtime.ts");
        return new JupyterRuntime({ ...address, token }, checked, environment.log);
      });
    },
  };
}

function factsOf({ base }: Address, { kernel, abilities, network }: CheckedOptions): RuntimeFacts {
  return {
    name: "jupyter",
    description: `Jupyter at ${base}, ${kernel ? `kernel ${kernel}` : "its default kernel"}`,
    abilities: abilities ?? ABILITIES,
    network,
  };
}

function tokenOf(address: Address, { jupyterToken }: RuntimeEnvironment): string | undefined {
  const [where, given] = address.token
    ? ["?token= of the URL", address.token]
    : ["VR_JUPYTER_TOKEN", jupyterToken];
  if (!given?.trim()) return undefined;
  return checkOptions(where, token, given);
}

function addressOf({ url }: CheckedOptions, { jupyterUrl }: RuntimeEnvironment): Address {
  const text = url ?? jupyterUrl;
  if (!text) throw new ConfigError("jupyter: needs url, or VR_JUPYTER_URL");
  const address = parseAddress(text);
  if (!address) throw new ConfigError(`VR_JUPYTER_URL: ${URL_FORM}`);
  return address;
}
