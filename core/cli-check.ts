import { setImmediate } from "node:timers/promises";
import { broughtPlugins, knownSettings } from "./cli-brought.ts";
import { type CheckReport, cleanReport, type Finding, type TapReport } from "./cli-check-report.ts";
import { toText } from "./cli-check-text.ts";
import { attemptWithin, tryDependency, tryStore, tryUpstream } from "./cli-check-tries.ts";
import { setUpGateway } from "./cli-start.ts";
import { loadConfig } from "./config-file.ts";
import { explainSetUp } from "./config-problem.ts";
import { type Flags, resolveSettings } from "./config-settings.ts";
import type { MaybePromise } from "./context.ts";
import { readDeclared } from "./declared-settings.ts";
import type { Gateway } from "./gateway.ts";
import { ROUTES_IGNORED } from "./gateway-set-up.ts";
import type { Engine } from "./pipeline/engine.ts";
import type { Plugin, Vr } from "./plugin.ts";
import { nonEmpty } from "./setting.ts";

export interface CheckOptions {
  flags: Flags;
  env: NodeJS.ProcessEnv;
  version: string;
  json: boolean;
  /**
   * Milliseconds for each try: loading, a plugin's set-up, an upstream's answer, its models, the store, a dependency.
   * Default: `TRY_MS`, and `EXAMINATION_MS` for a dependency.
   */
  limitMs: number | undefined;
}

const TRY_MS = 5_000;
/** A sandbox is started for it, or a kernel, and code is run there. */
const EXAMINATION_MS = 30_000;

type Draft = { -readonly [K in keyof CheckReport]: CheckReport[K] } & {
  problems: Finding[];
  warnings: Finding[];
};

/**
 * `vr check`: does all that `vr start` does short of listening, tries what plugins set up, prints what it
 * found and closes everything. Resolves to whether all is well.
 */
export async function check(options: CheckOptions): Promise<boolean> {
  const report = cleanReport(await keepStdout(() => examine(options)));
  const text = options.json ? `${JSON.stringify(report, undefined, 2)}\n` : toText(report);
  await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()));
  return report.ok;
}

/** Standard output is the report's: what configuration and plugins print meanwhile goes to standard error. */
async function keepStdout<T>(run: () => Promise<T>): Promise<T> {
  const { write } = process.stdout;
  process.stdout.write = process.stderr.write.bind(process.stderr);
  try {
    return await run();
  } finally {
    process.stdout.write = write;
  }
}

async function examine(options: CheckOptions): Promise<CheckReport> {
  const report: Draft = {
    ok: false,
    version: options.version,
    config: null,
    settings: [],
    plugins: [],
    taps: [],
    toolKinds: [],
    tools: [],
    store: null,
    upstreams: [],
    dependencies: [],
    routes: [],
    problems: [],
    warnings: [],
  };
  const onStray = (error: unknown) => {
    const what = error instanceof Error ? error.message : String(error);
    report.problems.push({ subject: "plugin", message: `something failed that nobody awaited: ${what}` });
  };
  process.on("unhandledRejection", onStray).on("uncaughtException", onStray);
  const gateway = await setUp(report, options);
  if (gateway) {
    await tryAll(report, gateway.engine, options);
    await gateway.close(0);
  }
  await setImmediate(); // Node reports unhandled rejections once the event loop is idle
  process.off("unhandledRejection", onStray).off("uncaughtException", onStray);
  report.ok = report.problems.length === 0;
  return report;
}

/** Fills the report with what the configuration says; a step that fails is its problem and ends it. */
async function setUp(
  report: Draft,
  { flags, env, limitMs = TRY_MS }: CheckOptions,
): Promise<Gateway | undefined> {
  const at: { subject: Finding["subject"]; name?: string } = { subject: "config" };
  try {
    const { config, file } = await attemptWithin(limitMs, "it has not loaded", () =>
      loadConfig(flags.config),
    );
    report.config = file;
    report.plugins = config.plugins.map(({ name }) => name);
    report.routes = config.routes;
    at.subject = "settings";
    report.settings = (await knownSettings(config.plugins)).map(({ name, plugins, help }) => ({
      name,
      plugins,
      help,
      set: nonEmpty(env[name]) !== undefined,
    }));
    const settings = resolveSettings(flags, env, config);
    const brought = await broughtPlugins(config.plugins, settings, env);
    readDeclared(
      [...config.plugins, brought.upstream, brought.store].filter((one) => one !== undefined),
      env,
    );
    at.subject = "plugin";
    const plugins = config.plugins.map((plugin) =>
      watched(plugin, limitMs, () => {
        at.name = plugin.name;
      }),
    );
    // Comes last, and reads what those before it have tapped.
    const reader: Plugin = {
      name: "check",
      setup: (vr) => {
        report.taps = vr.taps().map(toTapReport);
      },
    };
    return await setUpGateway({ ...config, plugins: [...plugins, reader] }, settings, env, brought).catch(
      (error) => {
        throw explainSetUp(error, file);
      },
    );
  } catch (error) {
    report.problems.push({ ...at, message: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
}

/** A plugin that says when it begins with its set-up or its start, which have a time limit. */
function watched(plugin: Plugin, limitMs: number, begins: () => void): Plugin {
  const limited = (what: string, run: () => MaybePromise<void>) => {
    begins();
    return attemptWithin(limitMs, `plugin "${plugin.name}" has not ${what}`, run);
  };
  return {
    ...plugin,
    setup: (vr) => {
      const onReady: Vr["onReady"] = (run) => vr.onReady(() => limited("started", run));
      return limited("been set up", () => plugin.setup({ ...vr, onReady }));
    },
  };
}

function toTapReport({ name, plugin, hook, options }: ReturnType<Vr["taps"]>[number]): TapReport {
  return { name, plugin, hook, onError: options.onError ?? "fail" };
}

async function tryAll(
  report: Draft,
  { registry, router }: Engine,
  { limitMs = TRY_MS, limitMs: examinationMs = EXAMINATION_MS }: CheckOptions,
): Promise<void> {
  if (report.routes.length > 0 && router.routes.length === 0)
    report.warnings.push({ subject: "config", message: `routes are ${ROUTES_IGNORED}` });
  report.routes = router.routes;
  report.toolKinds = registry.ownedKinds;
  report.tools = registry.ownTools;
  const { store, upstreams } = registry;
  const [storeReport, results, dependencies] = await Promise.all([
    store ? tryStore(store, limitMs) : null,
    Promise.all(upstreams.map((upstream) => tryUpstream(upstream, limitMs))),
    Promise.all(registry.dependencies.map((dependency) => tryDependency(dependency, examinationMs))),
  ]);
  report.store = storeReport;
  report.upstreams = results.map((result) => result.report);
  report.warnings.push(...results.flatMap(({ warning }) => warning ?? []));
  for (const { name, error } of report.upstreams)
    if (error) report.problems.push({ subject: "upstream", name, message: error });
  report.dependencies = dependencies;
  for (const { name, error } of dependencies)
    if (error) report.problems.push({ subject: "dependency", name, message: error });
  if (storeReport?.error)
    report.problems.push({ subject: "store", name: storeReport.name, message: storeReport.error });
  if (upstreams.length === 0) report.problems.push({ subject: "upstream", message: NO_UPSTREAM });
  if (!store) report.warnings.push({ subject: "store", message: NO_STORE });
}

const NO_UPSTREAM = "none: add one to the configuration, or set VR_UPSTREAM";
const NO_STORE = "none: previous_response_id will find nothing";
