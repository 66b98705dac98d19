import type { CheckReport, Finding, SettingReport, StoreReport, UpstreamReport } from "./cli-check-report.ts";
import { shown } from "./config-problem.ts";
import { isObject } from "./protocol/problem.ts";
import { describeRoute } from "./routing/routes.ts";

/** Models that are named before the rest is counted. */
const MODELS_SHOWN = 12;
/** Characters of a line of details, and of the column of names before it. Names may be longer. */
const WIDTH = 100;
const NAME_WIDTH = 9;
/** Characters of the column of settings' names. */
const SETTING_WIDTH = 32;

type Mark = "ok" | "FAIL" | "warn" | "";

/** The report for people: one subject per line, marked in front. */
export function toText(report: CheckReport): string {
  const {
    settings,
    plugins,
    taps,
    toolKinds,
    tools,
    store,
    upstreams,
    dependencies,
    routes,
    problems,
    warnings,
  } = report;
  const lines = [`vr ${report.version}`];
  if (report.config) lines.push(line("ok", "config", shown(report.config)));
  if (plugins.length > 0) lines.push(line("", "plugins", plugins.join(", ")));
  lines.push(...unplaced(problems).map((found) => findingLine("FAIL", found)));
  lines.push(...settings.map(settingLine));
  lines.push(
    ...taps.map(({ hook, name, onError }) => line("", "tap", `${hook}  ${name}  onError: ${onError}`)),
  );
  lines.push(...toolKinds.map(({ type, plugin }) => line("", "tool kind", `${type}  ${plugin}`)));
  lines.push(
    ...tools.map(({ name, plugin, label, offer }) =>
      line(
        "",
        "tool",
        `${name}  ${plugin}  ${offer === "always" ? "offered always" : `offered as "${label}"`}`,
      ),
    ),
  );
  if (store) lines.push(triedLine("store", store), ...detailLines(store.details));
  for (const upstream of upstreams) lines.push(...upstreamLines(upstream));
  for (const dependency of dependencies)
    lines.push(triedLine("needs", dependency), ...detailLines(dependency.details));
  lines.push(...routes.map((route) => line("", "route", describeRoute(route))));
  lines.push(...warnings.map((found) => findingLine("warn", found)));
  const count = problems.length;
  lines.push("", count === 0 ? "All is well." : `${count} ${count === 1 ? "problem" : "problems"}.`);
  return `${lines.join("\n")}\n`;
}

/** What has a line of its own. */
const TRIED: ReadonlySet<Finding["subject"]> = new Set(["store", "upstream", "dependency"]);

/** Those that no such line shows. */
function unplaced(problems: readonly Finding[]): Finding[] {
  return problems.filter(({ subject, name }) => !name || !TRIED.has(subject));
}

function settingLine({ name, plugins, set }: SettingReport): string {
  const shown = `${name.padEnd(SETTING_WIDTH)}  ${set ? "set" : "not set"}`;
  return line(
    "",
    "setting",
    plugins.length > 0 ? `${shown.padEnd(SETTING_WIDTH + 9)}  ${plugins.join(", ")}` : shown,
  );
}

function findingLine(mark: Mark, { subject, name, message }: Finding): string {
  return line(mark, subject, name && !message.includes(name) ? `${name}  ${message}` : message);
}

function upstreamLines(upstream: UpstreamReport): string[] {
  const { description, models, defaultModel, details = {} } = upstream;
  const named = models
    .slice(0, MODELS_SHOWN)
    .map((id) => (id === defaultModel ? `${id} (default)` : id))
    .join(", ");
  const more = models.length > MODELS_SHOWN ? ` and ${models.length - MODELS_SHOWN} more` : "";
  const listed = named || (defaultModel ? `${defaultModel} (default)` : "");
  // What the description says already is not said again.
  const further = Object.entries(details).filter(([, value]) => !description.includes(String(value)));
  const all = { ...(listed ? { models: listed + more } : {}), ...Object.fromEntries(further) };
  return [triedLine("upstream", upstream), ...detailLines(all)];
}

/** An error stands behind the first line of a description, which may have several. */
function triedLine(subject: string, { name, description = "", ok, error }: StoreReport): string {
  const [first, ...others] = description.split("\n");
  const text = [[name, first, error].filter(Boolean).join("  "), ...others].join("\n");
  return line(ok ? "ok" : "FAIL", subject, text);
}

/** One detail per line, with the values aligned in one column. */
function detailLines(details: Readonly<Record<string, unknown>> = {}): string[] {
  const width = Math.max(NAME_WIDTH, ...Object.keys(details).map((name) => name.length));
  const detail = (name: string, text: string) => line("", "", `${name.padEnd(width)}  ${text}`, width + 2);
  return Object.entries(details).flatMap(([name, value]) => {
    if (!isObject(value)) return [detail(name, plain(value))];
    const pairs = Object.entries(value).map(([key, inner]) => `${key}=${plain(inner)}`);
    return wrap(pairs).map((text, index) => detail(index === 0 ? name : "", text));
  });
}

function plain(value: unknown): string {
  if (Array.isArray(value)) return value.map(plain).join(",");
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Words in lines of `WIDTH` characters at most, unless one is longer. */
function wrap(words: readonly string[]): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** `hanging`: how many characters the lines after the first are indented by. */
function line(mark: Mark, subject: string, text: string, hanging = 0): string {
  const indent = " ".repeat(17 + hanging);
  return `${mark.padEnd(4)}  ${subject.padEnd(9)}  ${text.replaceAll("\n", `\n${indent}`)}`;
}
