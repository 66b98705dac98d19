import type { Route } from "./routing/routes.ts";
import { withoutSecrets } from "./secrets.ts";
import type { CheckReason } from "./upstream-check.ts";

/** What `vr check --json` prints: one JSON document. Absent fields are left out, lists are there always. */
export interface CheckReport {
  /** True when `problems` is empty: exit code 0, else 1. */
  readonly ok: boolean;
  readonly version: string;
  /** The configuration's path; `null` when it could not be loaded. */
  readonly config: string | null;
  /** Environment variables of the gateway, and of the plugins that are configured or that variables bring. */
  readonly settings: readonly SettingReport[];
  /** Names, in the order of set-up. */
  readonly plugins: readonly string[];
  readonly taps: readonly TapReport[];
  readonly toolKinds: readonly { type: string; plugin: string }[];
  /** The plugins' own tools. `offer` "request": only for requests that name `label` as an MCP server's. */
  readonly tools: readonly { name: string; plugin: string; label: string; offer: "always" | "request" }[];
  readonly store: StoreReport | null;
  readonly upstreams: readonly UpstreamReport[];
  /** What plugins work with beside upstreams and the store. */
  readonly dependencies: readonly DependencyReport[];
  /** Where requests go by their model, in the order in which they are looked at. */
  readonly routes: readonly Route[];
  /** What is wrong. */
  readonly problems: readonly Finding[];
  /** What may be meant so. */
  readonly warnings: readonly Finding[];
}

export interface TapReport {
  /** `plugin` or `plugin/name`. */
  readonly name: string;
  readonly plugin: string;
  readonly hook: string;
  readonly onError: "fail" | "warn";
}

export interface SettingReport {
  readonly name: string;
  /** The plugins that declare it; empty for one of the gateway itself. */
  readonly plugins: readonly string[];
  readonly help: string;
  /** Whether it is set. Its value is not shown. */
  readonly set: boolean;
}

interface Tried {
  readonly name: string;
  readonly ok: boolean;
  readonly error?: string;
  readonly reason?: CheckReason;
  /** What the plugin says of it: where it is, its quirks. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface StoreReport extends Tried {
  readonly description?: string;
}

export interface DependencyReport extends Tried {
  readonly description: string;
}

export interface UpstreamReport extends Tried {
  readonly description: string;
  /** Ids. */
  readonly models: readonly string[];
  /** The model of requests that name none. */
  readonly defaultModel?: string;
}

export interface Finding {
  readonly subject: "settings" | "config" | "plugin" | "store" | "upstream" | "dependency";
  /** Name of the plugin, store, upstream or dependency. */
  readonly name?: string;
  /** Names file and line where the configuration is wrong. */
  readonly message: string;
}

/** The report as plain JSON, with every secret cut out, whoever wrote it. */
export function cleanReport(report: CheckReport): CheckReport {
  return JSON.parse(withoutSecrets(report));
}
