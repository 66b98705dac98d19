import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ask } from "../helpers/ask.ts";
import { vr } from "../helpers/command.ts";
import { needsRedis, type RedisServer, startRedis } from "../helpers/redis.ts";
import { tempConfig, tempFolder } from "../helpers/temp-folder.ts";

const redis = needsRedis("VR_REDIS_URL");
const OWN_STORE = `definePlugin({ name: "own-store", setup(vr) {
  const fail = () => { throw new Error("not this store"); };
  vr.stores.use({ name: "own", putResponse: fail, getResponse: fail, getHistory: fail, deleteResponse: fail });
} })()`;

describe.skipIf(redis.skip)(redis.title, () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis("--requirepass", "right-secret");
  });

  const configured: [string, string | undefined, string][] = [
    ["of the shipped configuration", undefined, "vr"],
    ["storeSqlite", "storeSqlite({ ttlDays: 1 })", "vr"],
    ["of a plugin of one's own", OWN_STORE, "vr"],
    ["in memory", "storeKeyv({ maxEntries: 10 })", "vr"],
    ["at another URL", 'storeKeyv({ redis: { url: "redis://127.0.0.1:1", namespace: "mine" } })', "mine"],
  ];
  it.each(configured)("takes the place of the store %s; no file is made", async (_, store, namespace) => {
    await server.command("FLUSHALL");
    const path = join(tempFolder(), "vr.db");
    const args = ["start", "--port", "0"];
    if (store !== undefined) args.push("--config", tempConfig(`{ plugins: [demo(), ${store}] }`));
    const url = server.url.replace("//", "//:right-secret@");
    const command = vr(args, { env: { VR_REDIS_URL: url, VR_DB_PATH: path } });
    const { id } = await ask({ url: await command.listening() }, { input: "My name is Ada." });
    const keys = (await server.command("KEYS", "*")) as string[];
    expect(keys.sort()).toEqual([`${namespace}:${id}/items`, `${namespace}:${id}/response`]);
    expect(existsSync(path)).toBe(false);
    const { code, stdout, stderr } = await command.stop();
    expect(code).toBe(0);
    expect(stdout).toContain(`store     redis: ${server.url}/0\n`);
    expect(stdout + stderr).not.toContain("right-secret");
  });

  it("is not there yet: the gateway starts all the same", async () => {
    const command = vr(["start", "--port", "0"], {
      env: { VR_REDIS_URL: "redis://:right-secret@127.0.0.1:1" },
    });
    expect((await fetch(`${await command.listening()}/ready`)).status).toBe(503);
    const { code, stderr } = await command.stop();
    expect(code).toBe(0);
    expect(stderr).toContain("ECONNREFUSED");
    expect(stderr).not.toContain("right-secret");
  });
});

describe("VR_REDIS_URL that is no URL of a Redis", () => {
  it.each([
    "http://:right-secret@h",
    "right-secret",
    "redis://:right-secret@h/users",
    "redis://:right-secret@h:x",
  ])("%s is refused by the variable's name, and not shown", async (url) => {
    const { code, stderr } = await vr(["start", "--port", "0"], { env: { VR_REDIS_URL: url } }).finished;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^vr: .*VR_REDIS_URL: expected .*redis:\/\//);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).not.toContain("right-secret");
  });
});

it("is what the client is loaded for: a gateway without Redis starts without it", async () => {
  const probe = `definePlugin({ name: "probe", setup(vr) {
    const { cache } = process.getBuiltinModule("node:module").createRequire(import.meta.url);
    vr.router.get("/loaded", (ctx) => {
      ctx.body = Object.keys(cache).some((file) => file.includes("/@redis/"));
    });
  } })()`;
  const config = tempConfig(`{ plugins: [demo(), storeKeyv(), ${probe}] }`);
  const loaded = async (env: Record<string, string>) => {
    const command = vr(["start", "--port", "0", "--config", config], { env });
    const url = await command.listening();
    await fetch(`${url}/ready`);
    const answer = await (await fetch(`${url}/loaded`)).json();
    await command.stop();
    return answer;
  };
  expect(await loaded({})).toBe(false);
  expect(await loaded({ VR_REDIS_URL: "redis://127.0.0.1:1" })).toBe(true);
});
