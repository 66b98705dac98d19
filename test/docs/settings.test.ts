import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { help } from "../../core/cli-help.ts";
import { defineConfig } from "../../core/config.ts";
import { resolveSettings } from "../../core/config-settings.ts";
import { rowsOf, textAt } from "../helpers/markdown.ts";

/** `[flag, variable, key, default, meaning]` */
const settings = rowsOf(textAt("docs/reference/settings.md"), [
  "flag",
  "variable",
  "in `vr.config.ts`",
  "default",
  "meaning",
]);
const SHIPPED = fileURLToPath(new URL("../../vr.config.ts", import.meta.url));
/** Milliseconds for the configuration to load: a machine may have much else to do. */
const PATIENCE_MS = 120_000;
const column = (index: number) => settings.flatMap((row) => row[index] || []);
const codes = (cells: readonly string[], form: RegExp) =>
  cells.flatMap((cell) => form.exec(cell)?.[1] ?? []).sort();

describe("docs/reference/settings.md", () => {
  it("has every configuration key with its default", () => {
    const { limits, timeouts, reasoningEvents } = defineConfig({ plugins: [] });
    const named = (group: string, values: Record<string, number>) =>
      Object.entries(values).map(([key, value]) => [`${group}.${key}`, value.toLocaleString("en-US")]);
    const expected = [
      ...named("limits", limits),
      ...named("timeouts", timeouts),
      ["reasoningEvents", `\`${reasoningEvents}\``],
    ];
    for (const [key, value] of expected)
      expect(settings.find((row) => row[2] === `\`${key}\``)?.[3], key).toBe(value);
  });

  it("has no configuration key that vr does not know", () => {
    const keys = codes(column(2), /^`([a-zA-Z]+(?:\.[a-zA-Z]+)?)`$/);
    expect(keys).toContain("limits.maxTurns");
    for (const key of keys) {
      const [group = "", name] = key.split(".");
      // A wrong value: the complaint is about the value of a known key, and about the name of an unknown one.
      const wrong = { plugins: [], [group]: name === undefined ? Symbol() : { [name]: Symbol() } };
      expect(() => defineConfig(wrong as never), key).toThrow(/^(?!.*Unrecognized key)/);
    }
  });

  it("has every flag and variable that vr --help names, and no other", async () => {
    const parts: string[] = [];
    await help((part) => parts.push(part), SHIPPED, PATIENCE_MS);
    const text = parts.join("");
    const options = text.slice(text.indexOf("Options"));
    const named = [...options.matchAll(/^ {2}(--\w+)|\b(VR_[A-Z_]+)/gm)].map((match) => match[1] ?? match[2]);
    expect(new Set(named).size).toBeGreaterThanOrEqual(10);
    const listed = [...codes(column(0), /^`(--\w+)/), ...codes(column(1), /^`(VR_\w+)`$/)];
    expect(listed.sort()).toEqual([...new Set(named)].sort());
  });

  it("has the defaults of port and host", () => {
    const { port, host } = resolveSettings({}, {}, defineConfig({ plugins: [] }));
    expect(settings.find((row) => row[2] === "`port`")?.[3]).toBe(String(port));
    expect(settings.find((row) => row[2] === "`host`")?.[3]).toBe(`\`${host}\``);
  });
});
