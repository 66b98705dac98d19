import { pyodide } from "../../../plugins/code-interpreter/pyodide/index.ts";
import { describeCodeRuntime } from "../../contract/code-runtime.ts";
import { recordingLog } from "../../helpers/recording-log.ts";
import { tempFolder } from "../../helpers/temp-folder.ts";

describeCodeRuntime("pyodide", () =>
  pyodide({ cacheFolder: tempFolder() }).create({ log: recordingLog().log }),
);
