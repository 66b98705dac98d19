import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineConfig } from "../core/config.ts";
import {
  definePlugin,
  type Plugin,
  RefusedError,
  type SettingDeclarations,
  setting,
  trueOrFalse,
} from "../core/index.ts";
import { createLog } from "../core/log.ts";
import { cutCredentials, cutSecrets, keepSecret, withoutSecrets } from "../core/secrets.ts";
import { vr } from "./helpers/command.ts";
import { startInProcess } from "./helpers/in-process.ts";
import { says, scripted } from "./helpers/scripted.ts";
import { tempConfig } from "./helpers/temp-folder.ts";

const city = () => setting({ schema: z.string().min(2, "expected a city"), help: "city of the forecast" });
const declaring = (name: string, settings: SettingDeclarations, seen?: (settings: object) => void): Plugin =>
  definePlugin({ name, settings, setup: (vr) => seen?.(vr.settings) })();
const start = (env: Record<string, string>, ...plugins: Plugin[]) =>
  startInProcess({ plugins: [scripted(says("noon")), ...plugins], env });

describe("vr.settings", () => {
  it("has the values of what the plugin declares, and nothing of what others do", async () => {
    let seen: object = {};
    const own = declaring(
      "own",
      {
        VR_CITY: city(),
        VR_DAYS: setting({ schema: z.coerce.number().int(), help: "days ahead" }),
        VR_RAIN: setting({ schema: trueOrFalse, help: "true: tells of rain" }),
      },
      (settings) => {
        seen = settings;
      },
    );
    const other = declaring("other", { VR_OTHER: city() });
    await start({ VR_CITY: "Kyiv", VR_DAYS: "3", VR_RAIN: "0", VR_OTHER: "Lviv" }, own, other);
    expect(seen).toEqual({ logLevel: "debug", VR_CITY: "Kyiv", VR_DAYS: 3, VR_RAIN: false });
    expect(Object.isFrozen(seen)).toBe(true);
  });

  it.each([{}, { VR_CITY: "" }])("has undefined for %j, so that options and defaults count", async (env) => {
    let seen: string | undefined = "unread";
    const forecast = definePlugin({
      name: "forecast",
      settings: { VR_CITY: city() },
      options: z.object({ city: z.string().default("Odesa") }),
      setup(vr, options) {
        seen = vr.settings.VR_CITY ?? options.city;
      },
    });
    await start(env as Record<string, string>, forecast());
    expect(seen).toBe("Odesa");
  });

  it("is there for a plugin without options, and for one that is written as an object", async () => {
    const seen: unknown[] = [];
    const settings = { VR_CITY: city() };
    const made = definePlugin({ name: "made", settings, setup: (vr) => void seen.push(vr.settings.VR_CITY) });
    const written: Plugin = {
      name: "written",
      settings,
      setup: (vr) => void seen.push((vr.settings as unknown as { VR_CITY: string }).VR_CITY),
    };
    await start({ VR_CITY: "Kyiv" }, made(), written);
    expect(seen).toEqual(["Kyiv", "Kyiv"]);
  });

  it("is read before any plugin is set up", async () => {
    const setUp: string[] = [];
    const first = declaring("first", {}, () => setUp.push("first"));
    const second = declaring("second", { VR_CITY: city() }, () => setUp.push("second"));
    await expect(start({ VR_CITY: "K" }, first, second)).rejects.toThrow('VR_CITY is "K": expected a city');
    expect(setUp).toEqual([]);
  });
});

describe("a mistake names the variable", () => {
  const mistake = async (value: string, schema: z.ZodType, secret = false) => {
    const declared = setting({ schema, help: "h", secret });
    return start({ VR_X: value }, declaring("own", { VR_X: declared })).then(
      () => "none",
      (error: Error) => error.message,
    );
  };

  it.each([
    ["maybe", trueOrFalse, 'VR_X is "maybe": expected true or false'],
    ["me:hunter2@host", z.url({ protocol: /^https?$/, error: "expected a URL" }), "VR_X: expected a URL"],
    ["http//h?token=hunter2", z.url("expected a URL"), "VR_X: expected a URL"],
    ["many", z.coerce.number("expected a number"), 'VR_X is "many": expected a number'],
  ])("%s", async (value, schema, message) => {
    expect(await mistake(value, schema)).toBe(message);
  });

  it("and never shows a secret, not even if its schema does", async () => {
    const telling = z.string().refine(() => false, { error: ({ input }) => `expected more than ${input}` });
    expect(await mistake("hunter2-hunter2", z.url("expected a URL"), true)).toBe("VR_X: expected a URL");
    expect(await mistake("hunter2-hunter2", telling, true)).toBe("VR_X: expected more than [redacted]");
  });

  it("and says so if the schema itself fails", async () => {
    const broken = z.string().transform(() => {
      throw new Error("no such table");
    });
    expect(await mistake("a", broken)).toBe("VR_X: its schema failed: no such table");
    expect(
      await mistake(
        "a",
        z.string().refine(async () => true),
      ),
    ).toMatch(/^VR_X: its schema failed: /);
  });
});

describe("a variable that several plugins declare", () => {
  const load = (...declared: { schema: z.ZodType; help: string }[]) =>
    defineConfig({
      plugins: declared.map((one, i) => declaring(`p${i}`, { VR_X: setting(one) })),
    });
  const help = "h";
  const three = z.literal("3");

  it.each<[string, () => z.ZodType]>([
    ["text", () => z.string().trim().min(2, "expected more")],
    ["a pattern", () => z.string().regex(/^a+$/i, "expected a")],
    ["a choice", () => z.enum(["a", "b"], "expected a or b")],
    ["a switch", () => trueOrFalse],
    ["a check of its own", () => z.string().refine((text) => text.length > 3, "expected more")],
    ["a conversion", () => z.string().transform((text) => text.split(","))],
    ["a pipe", () => z.string().transform(Number).pipe(z.int())],
    ["a union", () => z.union([z.literal("auto"), z.coerce.number()])],
  ])("may be %s, written alike in each", (_, schema) => {
    expect(() => load({ schema: schema(), help }, { schema: schema(), help })).not.toThrow();
  });

  it.each<[string, z.ZodType, z.ZodType]>([
    ["types", z.string(), z.coerce.number()],
    ["limits", z.string().min(2), z.string().min(3)],
    ["checks", z.string(), z.string().min(3)],
    ["patterns", z.string().regex(/^a$/), z.string().regex(/^a$/i)],
    ["choices", z.enum(["a"]), z.enum(["a", "b"])],
    ["messages", z.string("expected a text"), z.string("expected a city")],
    ["own checks", z.string().refine((text) => text !== "a"), z.string().refine((text) => text !== "b")],
    ["conversions", z.string().transform((text) => text.trim()), z.string().transform((text) => [text])],
    ["parts of the same kind", z.union([three, three]), z.union([z.literal("3"), z.literal("4")])],
    ["dates", z.coerce.date().min(new Date(0)), z.coerce.date().min(new Date(1))],
    ["steps", z.string().transform(Number).pipe(z.number()), z.string().transform(Number).pipe(z.int())],
  ])("is an error at load with other %s", (_, one, other) => {
    expect(() => load({ schema: one, help }, { schema: other, help })).toThrow(
      'config: plugins[1]: settings: VR_X is declared by "p0" too, with another schema',
    );
  });

  it("is an error at load with another help", () => {
    const schema = z.string();
    expect(() => load({ schema, help }, { schema, help: "other" })).toThrow(/plugins\[1\]: .*another help$/);
    expect(() => load({ schema, help }, { schema: z.url(), help: "other" })).toThrow(
      "another schema and help",
    );
  });

  it("gives each its value", async () => {
    const seen: object[] = [];
    const both = ["a", "b"].map((name) => declaring(name, { VR_CITY: city() }, (it) => seen.push(it)));
    await start({ VR_CITY: "Kyiv" }, ...both);
    expect(seen).toMatchObject([{ VR_CITY: "Kyiv" }, { VR_CITY: "Kyiv" }]);
  });

  it("is an error beside a plugin that a variable brings", async () => {
    const declared = 'VR_REDIS_URL: setting({ schema: z.string(), help: "mine" })';
    const config = tempConfig(
      `{ plugins: [demo(), definePlugin({ name: "own", settings: { ${declared} }, setup() {} })()] }`,
      'import { setting } from "vr-gateway";\nimport { z } from "zod";\n',
    );
    const env = { VR_REDIS_URL: "redis://127.0.0.1:1" };
    const { code, stderr } = await vr(["start", "--port", "0", "--config", config], { env }).finished;
    expect(code).toBe(1);
    expect(stderr).toMatch(/plugin "own": settings: VR_REDIS_URL is declared by "store-keyv" too/);
  });
});

describe("a declaration that is wrong is an error at load", () => {
  const schema = z.string();
  it.each<[string, object, RegExp | string]>([
    ["a name of the gateway", { VR_PORT: { schema, help: "h" } }, "VR_PORT is declared by vr itself too"],
    ["another prefix", { CITY: { schema, help: "h" } }, '"CITY": expected a name such as VR_CITY'],
    ["small letters", { VR_city: { schema, help: "h" } }, '"VR_city": expected a name'],
    ["no schema", { VR_X: { help: "h" } }, "VR_X: schema: expected a zod schema"],
    ["a schema of something else", { VR_X: { schema: String, help: "h" } }, "VR_X: schema: expected"],
    ["a default", { VR_X: { schema: schema.default("a"), help: "h" } }, "write vr.settings.VR_X ?? …"],
    ["no help", { VR_X: { schema } }, "VR_X: help: expected a sentence"],
    ["nothing", { VR_X: undefined }, "VR_X: schema: expected"],
    ["a list", [["VR_X", schema]] as object, "settings: expected an object"],
    ["a text", "VR_X" as unknown as object, "settings: expected an object"],
  ])("%s", (_, settings, message) => {
    const plugins = [declaring("own", settings as SettingDeclarations)];
    expect(() => defineConfig({ plugins })).toThrow(message);
    expect(() => defineConfig({ plugins })).toThrow("plugins[0]: settings");
  });
});

describe("a secret", () => {
  const SECRET = 'pa"ss word/4711';
  const forms = [SECRET, encodeURIComponent(SECRET), JSON.stringify(SECRET).slice(1, -1)];
  const secret = setting({ schema: z.string(), help: "h", secret: true });

  it("is cut out of every redaction, in every form", async () => {
    await start({ VR_X: `${SECRET}\n` }, declaring("own", { VR_X: secret }));
    for (const form of forms)
      for (const cut of [cutCredentials, cutSecrets, (text: string) => withoutSecrets({ deep: [text] })])
        expect(cut(`before ${form} after`)).toContain("before [redacted] after");
  });

  it("is cut out of all that a plugin logs", async () => {
    keepSecret(SECRET);
    const lines: string[] = [];
    const log = createLog("info", { write: (line) => void lines.push(line) }).child({ plugin: "own" });
    const url = new URL("http://host.example/");
    url.searchParams.set("at", SECRET);
    log.info({ a: SECRET, url, b: { c: [`x ${SECRET}`, 1] }, err: new Error(SECRET) }, `told ${SECRET}`);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      a: "[redacted]",
      url: "http://host.example/?at=[redacted]",
      b: { c: ["x [redacted]", 1] },
      err: { message: "[redacted]" },
      msg: "told [redacted]",
    });
    for (const form of forms) expect(lines.join("")).not.toContain(form);
  });

  it("is each of the texts that its schema makes", async () => {
    const keys = setting({
      schema: z.string().transform((text) => text.split(",")),
      help: "h",
      secret: true,
    });
    await start({ VR_KEYS: "key-of-ada, key-of-bob" }, declaring("own", { VR_KEYS: keys }));
    expect(cutCredentials("key-of-bob and key-of-ada")).toBe("[redacted] and [redacted]");
  });

  it("is cut out of what clients and models are told", async () => {
    const own = definePlugin({
      name: "own",
      settings: { VR_X: secret },
      setup(vr) {
        vr.hooks.beforeUpstream.tap(() => {
          throw new RefusedError(`refused by ${vr.settings.VR_X}`);
        });
      },
    });
    const gateway = await start({ VR_X: SECRET }, own());
    expect((await gateway.post()).error.message).toBe("refused by [redacted]");
  });

  it("may be a part of the value: the password of a URL", async () => {
    const url = setting({
      schema: z.url(),
      help: "h",
      secret: (text) => [URL.parse(text)?.password ?? text],
    });
    await start({ VR_X: "http://me:pass-of-part@host.example/" }, declaring("own", { VR_X: url }));
    expect(cutSecrets("pass-of-part at host.example")).toBe("[redacted] at host.example");
  });

  it("is cut out of vr check and vr start", async () => {
    const declared = 'VR_X: setting({ schema: z.string(), help: "h", secret: true })';
    const plugin = `definePlugin({ name: "own", settings: { ${declared} }, setup(vr) {
      vr.dependencies.add({ name: "own", description: "at " + vr.settings.VR_X, check: () => ({ at: vr.settings.VR_X }) });
      console.log("nothing");
      vr.log.warn({ at: vr.settings.VR_X }, "at " + vr.settings.VR_X);
      throw new Error("broken at " + vr.settings.VR_X);
    } })()`;
    const config = tempConfig(
      `{ plugins: [demo(), ${plugin}] }`,
      'import { setting } from "vr-gateway";\nimport { z } from "zod";\n',
    );
    for (const command of [["check", "--json"], ["check"], ["start", "--port", "0"]]) {
      const { stdout, stderr } = await vr([...command, "--config", config], { env: { VR_X: SECRET } })
        .finished;
      expect(stdout + stderr).toContain("broken at [redacted]");
      for (const form of forms) expect(stdout + stderr).not.toContain(form);
    }
  });
});
