import type { Vr } from "../../core/index.ts";
import { jupyter } from "./jupyter/index.ts";
import type { Options } from "./options.ts";
import { pyodide } from "./pyodide/index.ts";
import type { CodeRuntime } from "./runtime.ts";

/** The runtime of the options. "auto": Jupyter when `VR_JUPYTER_URL` is set, else Pyodide. */
export function chooseRuntime({ log, settings }: Vr, chosen: Options["runtime"]): CodeRuntime {
  const { jupyterUrl, jupyterToken } = settings;
  const automatic = () => (jupyterUrl === undefined ? pyodide() : jupyter());
  const factory = chosen === "auto" ? automatic() : chosen;
  return factory.create({ log, jupyterUrl, jupyterToken });
}
