import { describe } from "vitest";
import { jupyter } from "../../../plugins/code-interpreter/jupyter/index.ts";
import { describeCodeRuntime } from "../../contract/code-runtime.ts";
import { needsJupyter, needsKernelGateway, startJupyter } from "../../helpers/jupyter.ts";
import { recordingLog } from "../../helpers/recording-log.ts";

const server = needsJupyter("a Jupyter server");
const gateway = needsKernelGateway("a kernel gateway");

describe.skipIf(server.skip)(server.title, () => {
  describeCodeRuntime("jupyter", async () => {
    const { url, token } = await startJupyter();
    return jupyter({ url, token }).create({ log: recordingLog().log });
  });
});

describe.skipIf(gateway.skip)(gateway.title, () => {
  describeCodeRuntime("jupyter", async () => {
    const { url, token } = await startJupyter({ program: "jupyter-kernelgateway" });
    return jupyter({ url, token }).create({ log: recordingLog().log });
  });
});
