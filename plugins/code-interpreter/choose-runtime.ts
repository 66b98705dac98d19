import type { Vr } from "../../core/index.ts";
import { jupyter } from "./jupyter/index.ts";
import type { Options, settings } from "./options.ts";
import { pyodide } from "./pyodide/index.ts";
import type { CodeRuntime } from "./runtime.ts";

/** The runtime of the options. "auto": Jupyter when `VR_JUPYTER_URL` is set, else Pyodide. */
export function chooseRuntime(vr: Vr<typeof settings>, chosen: Options["runtime"]): CodeRuntime {
  const { VR_JUPYTER_URL: jupyterUrl, VR_JUPYTER_TOKEN: jupyterToken } = vr.settings;
  const automatic = () => (jupyterUrl === undefined ? pyodide() : jupyter());
  const factory = chosen === "auto" ? automatic() : chosen;
  return factory.create({ log: vr.log, jupyterUrl, jupyterToken });
}
