import { describe } from "vitest";
import { jupyter } from "../../../plugins/code-interpreter/jupyter/index.ts";
import { describeCodeRuntime } from "../../contract/code-runtime.ts";
import { needsJupyter, startJupyter } from "../../helpers/jupyter.ts";
import { recordingLog } from "../../helpers/recording-log.ts";

const { skip, title } = needsJupyter("Jupyter");

describe.skipIf(skip)(title, () => {
  describeCodeRuntime("jupyter", async () => {
    const { url, token } = await startJupyter();
    return jupyter({ url, token }).create({ log: recordingLog().log });
  });
});
