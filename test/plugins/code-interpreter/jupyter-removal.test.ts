import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { jupyter } from "../../../plugins/code-interpreter/jupyter/index.ts";
import type { CodeRuntime } from "../../../plugins/code-interpreter/runtime.ts";
import { run } from "../../contract/code-runtime.ts";
import { type JupyterServer, needsJupyter, startJupyter } from "../../helpers/jupyter.ts";
import { recordingLog } from "../../helpers/recording-log.ts";

const real = needsJupyter("what is removed with a session of a Jupyter server");
const never = new AbortController().signal;

describe.skipIf(real.skip)(real.title, () => {
  let server: JupyterServer;
  let runtime: CodeRuntime;
  let precious: string;
  beforeAll(async () => {
    server = await startJupyter();
    runtime = jupyter({ url: server.url, token: server.token }).create({ log: recordingLog().log });
    precious = join(server.folder, "precious");
    mkdirSync(precious);
    writeFileSync(join(precious, "file"), "kept");
  });
  const leftovers = () => readdirSync(server.folder).filter((name) => name.startsWith("vr-"));

  async function close(code: string) {
    const session = await runtime.open(never);
    const ran = await run(session, code.replaceAll("PRECIOUS", JSON.stringify(precious)));
    expect(ran.end, ran.text).toEqual({ kind: "finished" });
    await session.close();
  }

  it("is its working directory", async () => {
    await close("import os\nos.makedirs('a/b')\nopen('a/b/c', 'w').close()");
    expect(leftovers()).toEqual([]);
  });

  it.each([
    ["which code went to", "import os\nos.chdir(PRECIOUS)"],
    ["that code names in the session's own module", "import sys\nsys.modules['_vr_session'].root = PRECIOUS"],
    [
      "that code has put in the place of its own",
      "import os\nown = os.getcwd()\nos.chdir('/')\nos.rmdir(own)\nos.symlink(PRECIOUS, own)",
    ],
    [
      "that code has moved there",
      "import os, shutil\nown = os.getcwd()\nos.chdir('/')\nos.rmdir(own)\nshutil.copytree(PRECIOUS, own)",
    ],
    ["that code has linked into it", "import os\nos.symlink(PRECIOUS, 'link')"],
  ])("is no folder %s", async (_how, code) => {
    await close(code);
    expect(existsSync(join(precious, "file"))).toBe(true);
  });

  it("is no folder that a link leads to after a restart", async () => {
    const session = await runtime.open(never);
    const link =
      "import os\nown = os.getcwd()\nos.chdir('/')\nos.rmdir(own)\nos.symlink(PRECIOUS, own)\nos._exit(1)";
    await run(session, link.replaceAll("PRECIOUS", JSON.stringify(precious)));
    const ran = await run(session, "import os\nprint(os.getcwd())");
    expect(ran.text).not.toContain("precious");
    await session.close();
    expect(existsSync(join(precious, "file"))).toBe(true);
    await runtime.close();
  });
});
