import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { mcp } from "../../../plugins/mcp/index.ts";
import { startInProcess } from "../../helpers/in-process.ts";
import { startHttpServer } from "../../helpers/mcp/http-server.ts";
import { scripted } from "../../helpers/scripted.ts";
import { tempFolder } from "../../helpers/temp-folder.ts";

/** Says by files that it has started, with how many others, and that it ends, which it does when it is let. */
const PROGRAM = `
  const { existsSync, readdirSync, writeFileSync } = require("node:fs");
  const [, label] = process.argv;
  writeFileSync(label + ".started", "");
  const files = readdirSync(".");
  const count = (ending) => files.filter((name) => name.endsWith(ending)).length;
  writeFileSync(label + ".beside", String(count(".started") - count(".ended")));
  setInterval(() => {
    if (!existsSync("go")) return;
    writeFileSync(label + ".ended", "");
    process.exit(0);
  }, 20);
`;

it("four programs start at a time, servers at URLs at once", async () => {
  const folder = tempFolder({});
  const programs = Array.from({ length: 10 }, (_, i) => [
    `p${i}`,
    { command: process.execPath, args: ["-e", PROGRAM, `p${i}`], cwd: folder },
  ]);
  const http = await startHttpServer();
  const servers = { ...Object.fromEntries(programs), http: { url: http.url } };
  await startInProcess({ plugins: [scripted(), mcp({ servers, reconnectMinMs: 60_000 })] });
  const filesOf = (ending: string) => readdirSync(folder).filter((name) => name.endsWith(ending));
  await expect.poll(() => http.count("tools/list")).toBe(1);
  await expect.poll(() => filesOf(".beside").length).toBe(4);
  writeFileSync(join(folder, "go"), "");
  await expect.poll(() => filesOf(".ended").length).toBe(10);
  const beside = filesOf(".beside").map((name) => Number(readFileSync(join(folder, name), "utf8")));
  expect(Math.max(...beside)).toBe(4);
});
