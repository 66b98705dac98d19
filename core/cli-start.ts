import { setFlagsFromString } from "node:v8";
import { banner, listeningLine } from "./cli-banner.ts";
import { type Brought, broughtPlugins } from "./cli-brought.ts";
import { stopOnSignals } from "./cli-stop.ts";
import { logStrays } from "./cli-strays.ts";
import type { Config } from "./config.ts";
import { loadConfig } from "./config-file.ts";
import { explainSetUp } from "./config-problem.ts";
import { type Flags, resolveSettings, type StartSettings } from "./config-settings.ts";
import { createGateway, type Gateway } from "./gateway.ts";
import { createLog } from "./log.ts";
import { logOutput } from "./log-output.ts";
import { cutSecrets } from "./secrets.ts";
import { boundWrites } from "./standard-streams.ts";
import { type UpstreamWatch, watchUpstreams } from "./upstream-watch.ts";

/** `vr start`: loads the configuration, listens, prints where, and stops on SIGTERM, SIGINT and SIGHUP. */
export async function start(flags: Flags, env: NodeJS.ProcessEnv, version: string): Promise<void> {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`);
  const { config, file } = await loadConfig(flags.config);
  const settings = resolveSettings(flags, env, config);
  const { gateway, url } = await startGateway(config, settings, env).catch((error: unknown) => {
    throw explainSetUp(error, file);
  });
  logStrays(gateway.engine.log);
  let watch: UpstreamWatch | undefined;
  // Before it is said: whoever reads it may stop the gateway at once.
  stopOnSignals(env, async () => {
    watch?.stop();
    try {
      await gateway.close(config.timeouts.drainMs);
    } finally {
      await logOutput().end(LAST_LINES_MS);
    }
  });
  boundWrites(process.stdout, "standard output", gateway.engine.log);
  boundWrites(process.stderr, "standard error", gateway.engine.log);
  process.stdout.write(listeningLine(version, url));
  // Only now: the first question to a server loads the HTTP client.
  watch = watchUpstreams(gateway.engine.registry.upstreams, gateway.engine.log);
  await watch.firstAnswers(BANNER_WAITS_MS);
  process.stdout.write(cutSecrets(banner({ file, config, gateway, url, checks: watch.first })));
}

/**
 * Percent by which the heap grows between two full collections. By itself V8 may collect a heap of 24 MB each time it has
 * grown by one: 35 ms of CPU for every hundred requests.
 */
const HEAP_GROWTH_PERCENT = 100;

/** Milliseconds to write the last lines of the log. */
const LAST_LINES_MS = 1_000;

/** Milliseconds that the rest of the banner, not the gateway, waits to know whether the upstream answers. */
const BANNER_WAITS_MS = 1_000;

/** A gateway that listens. The way in for programs that embed one. */
export async function startGateway(
  config: Config,
  settings: StartSettings,
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ gateway: Gateway; url: string }> {
  const brought = await broughtPlugins(config.plugins, settings, env);
  const gateway = await setUpGateway(config, settings, env, brought);
  try {
    return { gateway, url: await gateway.listen(settings.port, settings.host) };
  } catch (error) {
    await gateway.close(0).catch(() => {});
    throw error;
  }
}

/** A gateway with its plugins set up, which does not listen yet. @throws ConfigError that names the plugin */
export async function setUpGateway(
  config: Config,
  settings: StartSettings,
  env: NodeJS.ProcessEnv,
  { upstream, store }: Brought,
): Promise<Gateway> {
  const { limits, timeouts } = config;
  return createGateway({
    plugins: config.plugins,
    upstream,
    routes: config.routes,
    store,
    settings,
    env,
    limits: {
      maxTurns: limits.maxTurns,
      toolTimeoutMs: timeouts.toolMs,
      storeTimeoutMs: timeouts.storeMs,
      hookTimeoutMs: timeouts.hookMs,
      headersAfterMs: timeouts.headersAfterMs,
      keepAliveMs: timeouts.keepAliveMs,
    },
    http: {
      bodyBytes: limits.bodyBytes,
      jsonDepth: limits.jsonDepth,
      jsonValues: limits.jsonValues,
      options: "limits",
      streamBufferBytes: limits.streamBufferBytes,
      openResponsesReasoning: config.reasoningEvents === "open-responses",
    },
    edge: {
      allowedHosts: settings.allowedHosts ?? config.http.allowedHosts,
      trustProxy: config.http.trustProxy,
      corsOrigins: config.cors.origins,
    },
    connections: { connections: limits.connections, requestMs: timeouts.requestMs },
    log: createLog(settings.logLevel),
  });
}
