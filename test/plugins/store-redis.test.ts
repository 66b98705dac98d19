import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createKeyvStore, storeKeyv } from "../../plugins/store-keyv/index.ts";
import { createRedisKeyv } from "../../plugins/store-keyv/redis-keyv.ts";
import { parseRedisUrl } from "../../plugins/store-keyv/redis-url.ts";
import { describeStore, turn } from "../contract/store.ts";
import { type InProcess, startInProcess } from "../helpers/in-process.ts";
import { recordingLog } from "../helpers/recording-log.ts";
import { needsRedis, type RedisServer, startRedis } from "../helpers/redis.ts";
import { says, scripted } from "../helpers/scripted.ts";

const redis = needsRedis("store-keyv on a real Redis");
const UNAVAILABLE = { status: 503, error: { code: "store_unavailable" } };
/** Longer than a test may take: what waits for it fails. */
const FOR_EVER = 600_000;

/** A gateway whose model says "noon" to whatever it is asked. */
function start(url: string, timeoutMs = 500): Promise<InProcess> {
  const model = scripted(...Array.from({ length: 20 }, () => says("noon")));
  return startInProcess({ plugins: [model], store: storeKeyv({ redis: { url, timeoutMs } }) });
}

async function ready({ url }: InProcess) {
  const answer = await fetch(`${url}/ready`);
  return { status: answer.status, body: await answer.json() };
}

/** Resolves when the store works again, by itself. */
const recovered = (vr: InProcess) => expect.poll(async () => (await ready(vr)).status).toBe(200);

async function expectDown(vr: InProcess, previousId: string): Promise<void> {
  const down = { status: 503, body: { status: "not ready", store: { name: "redis", ok: false } } };
  expect(await ready(vr)).toMatchObject(down);
  expect(await vr.post()).toMatchObject(UNAVAILABLE);
  expect(await vr.post({ previous_response_id: previousId })).toMatchObject(UNAVAILABLE);
  expect(await vr.stream({ previous_response_id: previousId })).toMatchObject(UNAVAILABLE);
  expect(await vr.get(previousId)).toMatchObject(UNAVAILABLE);
  expect(await vr.remove(previousId)).toBe(503);
  const { response } = await vr.stream();
  expect(response).toMatchObject({ status: "failed", error: { message: expect.stringMatching(/store/) } });
  expect((await vr.post({ store: false })).response.status).toBe("completed");
}

describe("the URL of a Redis", () => {
  it.each([
    ["redis://h", "redis://h:6379/0", { host: "h", port: 6379, tls: false }, { database: 0 }],
    [
      "rediss://ann:p%40ss@[::1]:6380/3",
      "rediss://[::1]:6380/3",
      { host: "::1", port: 6380, tls: true },
      { username: "ann", password: "p@ss", database: 3 },
    ],
    ["redis://:pw@h:1", "redis://h:1/0", { host: "h", port: 1, tls: false }, { password: "pw", database: 0 }],
    [
      "unix:///run/r.sock?db=2",
      "unix:///run/r.sock, database 2",
      { path: "/run/r.sock", tls: false },
      { database: 2 },
    ],
  ])("%s is %s in logs", (url, shown, socket, login) => {
    expect(parseRedisUrl(url)).toEqual({ shown, socket, login });
  });

  it.each([
    "http://h",
    "h:6379",
    "redis://",
    "redis://h/users",
    "redis://h?db=1",
    "redis://:%zz@h",
    "unix://h/r.sock",
  ])("%s is none, and is not shown", (url) => {
    const make = () => storeKeyv({ redis: url });
    expect(make).toThrow(/plugin "store-keyv": redis: expected redis:\/\//);
    expect(make).toThrow(expect.objectContaining({ message: expect.not.stringContaining("%zz") }));
  });

  it("stands in for another store, or for the memory's bounds, only alone", () => {
    expect(() => storeKeyv({ redis: "redis://h", maxEntries: 5 })).toThrow(/or to a redis/);
    expect(() => storeKeyv({ redis: { url: "redis://h", timeoutMs: 0 } })).toThrow(/redis.timeoutMs/);
    expect(() => storeKeyv({ redis: { url: "redis://h", prefix: "x" } as never })).toThrow(/prefix/);
  });
});

describe.skipIf(redis.skip)(redis.title, () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });

  let stores = 0;
  function storeOn(url: string, { ttlDays = 30, namespace = `test-${++stores}` } = {}) {
    const parsed = parseRedisUrl(url);
    if (!parsed) throw new Error(url);
    const keyv = createRedisKeyv({ server: parsed, namespace, timeoutMs: 5_000, log: recordingLog().log });
    return { namespace, store: createKeyvStore(keyv, { ttlDays, ordered: true }) };
  }

  describeStore("store-keyv on Redis", ({ ttlDays }) => {
    const { store, namespace } = storeOn(server.url, { ttlDays });
    const bytes = async () => {
      const keys = (await server.command("KEYS", `${namespace}:*`)) as string[];
      const texts = keys.length > 0 ? ((await server.command("MGET", ...keys)) as string[]) : [];
      return [...keys, ...texts].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    };
    return { store, bytes };
  });

  it("keeps lines of JSON, which Redis forgets by itself", async () => {
    const { store, namespace } = storeOn(server.url, { ttlDays: 1 });
    const record = turn("resp_1", "hi", "hello");
    await store.putResponse(record);
    const keys = (await server.command("KEYS", `${namespace}:*`)) as string[];
    expect(keys.sort()).toEqual([`${namespace}:resp_1/items`, `${namespace}:resp_1/response`]);
    const text = String(await server.command("GET", `${namespace}:resp_1/items`));
    expect(text.split("\n").map((line) => JSON.parse(line))).toEqual([expect.any(Number), record.items]);
    const left = Number(await server.command("PTTL", `${namespace}:resp_1/response`));
    expect(left).toBeGreaterThan(86_000_000);
    expect(left).toBeLessThanOrEqual(86_400_000);
    await store.close?.();
  });

  it("lets Redis keep for ever what has no days", async () => {
    const { store, namespace } = storeOn(server.url, { ttlDays: 0 });
    await store.putResponse(turn("resp_1", "hi", "hello"));
    expect(await server.command("PTTL", `${namespace}:resp_1/response`)).toBe(-1);
    await store.close?.();
  });

  it("reaches the same data by a unix socket, apart by namespace and database", async () => {
    const namespace = "shared";
    const tcp = storeOn(server.url, { namespace }).store;
    await tcp.putResponse(turn("resp_1", "hi", "hello"));
    const others: [string, string][] = [
      [server.socketUrl, namespace],
      [server.socketUrl, "other"],
      [`${server.socketUrl}?db=1`, namespace],
      [`${server.url}/1`, namespace],
    ];
    const found = others.map(async ([url, name]) => {
      const { store } = storeOn(url, { namespace: name });
      const record = await store.getResponse("resp_1");
      await store.close?.();
      return record?.response.id;
    });
    expect(await Promise.all(found)).toEqual(["resp_1", undefined, undefined, undefined]);
    await tcp.close?.();
  });

  describe("its bad days", () => {
    afterEach(() => server.thaw());

    it("down at the start: the gateway starts, answers 503, and works once Redis is there", async () => {
      const own = await startRedis();
      await own.stop();
      const vr = await start(own.url);
      await expectDown(vr, "resp_1");
      await own.restart();
      await recovered(vr);
      const { response } = await vr.post();
      expect((await vr.post({ previous_response_id: response.id })).status).toBe(200);
    });

    it("dies and comes back with its data: the conversation goes on", async () => {
      const own = await startRedis("--appendonly", "yes", "--appendfsync", "always");
      const vr = await start(own.url);
      const { response } = await vr.post();
      await own.stop();
      await expectDown(vr, response.id);
      await own.restart();
      await recovered(vr);
      expect((await vr.post({ previous_response_id: response.id })).status).toBe(200);
      const lines = vr.log.filter(({ message }) => /connection to Redis/.test(message));
      expect(lines.map(({ level }) => level)).toEqual(["error", "error", "info"].slice(-lines.length));
      expect(lines.length).toBeGreaterThanOrEqual(2);
    });

    it("comes back empty: the conversation is refused, never begun anew", async () => {
      const own = await startRedis();
      const vr = await start(own.url);
      const { response } = await vr.post();
      await own.restart();
      await recovered(vr);
      expect(await vr.post({ previous_response_id: response.id })).toMatchObject({
        status: 400,
        error: { code: "previous_response_not_found" },
      });
    });

    it("is away for less than timeoutMs: nobody notices", async () => {
      const own = await startRedis("--appendonly", "yes", "--appendfsync", "always");
      const vr = await start(own.url, FOR_EVER);
      const { response } = await vr.post();
      await own.stop();
      await expect
        .poll(() => vr.log.some(({ message }) => /no connection to Redis/.test(message)))
        .toBe(true);
      const waiting = vr.post({ previous_response_id: response.id });
      await own.restart();
      expect((await waiting).status).toBe(200);
    });

    it("stops answering in the middle: 503 in time, and well again when it goes on", async () => {
      const vr = await start(server.url);
      const { response } = await vr.post();
      server.freeze();
      await expectDown(vr, response.id);
      server.thaw();
      await recovered(vr);
      expect((await vr.post({ previous_response_id: response.id })).status).toBe(200);
    });

    it("takes connections and never answers from the start", async () => {
      server.freeze();
      const vr = await start(server.url);
      await expectDown(vr, "resp_1");
      server.thaw();
      await recovered(vr);
    });

    it("stops answering while the gateway stops: it does not wait for it", async () => {
      const vr = await start(server.url, FOR_EVER);
      await vr.post();
      server.freeze();
      await vr.close();
    });

    it("never answers from the start: the gateway does not wait for it to stop, either", async () => {
      server.freeze();
      const vr = await start(server.url, FOR_EVER);
      await vr.close();
    });

    it("is no Redis at all", async () => {
      const sockets = new Set<Socket>();
      const other = createServer((socket) => {
        sockets.add(socket.on("error", () => {}));
        socket.once("data", () => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"));
      }).listen(0, "127.0.0.1");
      await once(other, "listening");
      onTestFinished(() => {
        for (const socket of sockets) socket.destroy();
        other.close();
      });
      const vr = await start(`redis://127.0.0.1:${(other.address() as AddressInfo).port}`);
      await expectDown(vr, "resp_1");
    });

    it.each([
      ["a wrong password", "wrong-secret", /WRONGPASS/],
      ["no password", "", /NOAUTH/],
    ])("is given %s: the log says so, and nothing tells the password", async (_, password, reason) => {
      const own = await startRedis("--requirepass", "right-secret");
      const good = await start(own.url.replace("//", "//:right-secret@"));
      expect((await good.post()).status).toBe(200);
      const vr = await start(own.url.replace("//", `//${password && `:${password}@`}`));
      await expectDown(vr, "resp_1");
      const told = vr.log.map(({ message, fields }) => `${message} ${errorText(fields.err)}`).join("\n");
      expect(told).toMatch(reason);
      expect(told).not.toContain("secret");
      expect(JSON.stringify([(await vr.post()).error, await ready(vr)])).not.toMatch(
        /PASS|AUTH|secret|127\.0\.0\.1/,
      );
    });

    it("is full: what would be written is refused, what is there can be read", async () => {
      const own = await startRedis("--maxmemory-policy", "noeviction");
      const vr = await start(own.url);
      const { response } = await vr.post();
      await own.command("CONFIG", "SET", "maxmemory", "1");
      expect(await vr.post({ previous_response_id: response.id })).toMatchObject(UNAVAILABLE);
      expect((await vr.stream()).response.status).toBe("failed");
      expect((await vr.get(response.id)).response.id).toBe(response.id);
      await own.command("CONFIG", "SET", "maxmemory", "0");
      expect((await vr.post({ previous_response_id: response.id })).status).toBe(200);
    });

    it.each([
      ["a list", ["RPUSH", "something"]],
      ["a text of somebody else's", ["SET", "something"]],
      ["lines of somebody else's", ["SET", '"1"\nsomething']],
    ])(
      "holds %s where a response should be: an error, and it is left alone",
      async (_, [command = "", text = ""]) => {
        const vr = await start(server.url);
        const { response } = await vr.post();
        const key = `vr:${response.id}/response`;
        await server.command("DEL", key);
        await server.command(command, key, text);
        expect(await vr.get(response.id)).toMatchObject(UNAVAILABLE);
        expect(await vr.post({ previous_response_id: response.id })).toMatchObject(UNAVAILABLE);
        expect(await vr.remove(response.id)).toBe(503);
        expect(await server.command("EXISTS", key)).toBe(1);
      },
    );
  });
});

/** What a log shows of an error and its causes. */
function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.stack} ${error.cause === undefined ? "" : errorText(error.cause)}`;
}
