import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

interface Entry {
  integrity?: string;
  resolved?: string;
  link?: boolean;
}

const text = readFileSync(new URL("../package-lock.json", import.meta.url), "utf8");
const lock: { packages: Record<string, Entry> } = JSON.parse(text);
const entries = Object.entries(lock.packages).filter(([path]) => path !== "");

it("says of every package, for every platform, what its content must be", () => {
  expect(entries.length).toBeGreaterThan(100);
  const unknown = entries.filter(
    ([, { integrity }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ""),
  );
  expect(unknown.map(([path]) => path)).toEqual([]);
});

it("names no registry: packages come from the one that is configured", () => {
  expect(
    entries.filter(([, { resolved, link }]) => resolved !== undefined || link).map(([path]) => path),
  ).toEqual([]);
  expect(text).not.toMatch(/https?:\/\/[^"]*registry|\.tgz/);
});
