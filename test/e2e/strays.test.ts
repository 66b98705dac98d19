import { expect, it } from "vitest";
import { vr } from "../helpers/command.ts";
import { tempConfig } from "../helpers/temp-folder.ts";

/** A gateway with a plugin whose `GET /stray` does this a moment later, where nobody catches it. */
async function straying(source: string) {
  const plugin = `definePlugin({ name: "strays", setup(vr) {
    const { EventEmitter } = process.getBuiltinModule("node:events");
    vr.router.get("/stray", (ctx) => {
      ctx.body = "soon";
      setImmediate(() => { ${source} });
    });
  } })()`;
  const command = vr(["start", "--port", "0", "--config", tempConfig(`{ plugins: [demo(), ${plugin}] }`)]);
  const url = await command.listening();
  await fetch(`${url}/stray`);
  return { command, url };
}

it.each([
  ["an error event that nobody listens to", `new EventEmitter().emit("error", new Error("the pool broke"));`],
  ["an error event that is no error", `new EventEmitter().emit("error", "the pool broke");`],
  ["a promise that nobody awaits", `Promise.reject(new Error("the pool broke"));`],
])("%s is logged, and ends nothing", async (_, source) => {
  const { command, url } = await straying(source);
  expect((await fetch(`${url}/health`)).status).toBe(200);
  const { code, stderr } = await command.stop();
  expect(code).toBe(0);
  expect(stderr).toContain("the pool broke");
});

it("an exception that nobody catches is logged, and ends the process", async () => {
  const { command } = await straying(`throw new Error("half done");`);
  const { code, stderr } = await command.finished;
  expect(code).toBe(1);
  expect(stderr).toContain("half done");
});
