import { afterEach, expect, it, vi } from "vitest";

/** The helper as it is in a run with these variables. */
async function roundsWith(variables: Record<string, string>) {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  vi.resetModules();
  return await import("./rounds.ts");
}

afterEach(() => vi.unstubAllEnvs());

it("gives few rounds with fixed seeds, unless the run is a long one", async () => {
  const { seeds } = await roundsWith({ VR_TEST_LONG: "" });
  expect(seeds({ few: 3, many: 100 })).toEqual([1, 2, 3]);
});

it("gives many rounds in a long run, beginning with VR_TEST_SEED", async () => {
  const { seeds } = await roundsWith({ VR_TEST_LONG: "1", VR_TEST_SEED: "7001" });
  expect(seeds({ few: 3, many: 5 })).toEqual([7001, 7002, 7003, 7004, 7005]);
});

it("gives the same numbers for the same seed, and others for another one", async () => {
  const { chanceOf, oneOf } = await roundsWith({});
  const numbers = (seed: number) => {
    const chance = chanceOf(seed);
    return Array.from({ length: 50 }, () => oneOf(chance, 10));
  };
  expect(numbers(1)).toEqual(numbers(1));
  expect(numbers(1)).not.toEqual(numbers(2));
  expect(new Set(numbers(987_654_321)).size).toBe(10);
});

it("names the seed of a round that fails", async () => {
  const { ofSeed } = await roundsWith({});
  await expect(ofSeed(42, Promise.reject(new Error("boom")))).rejects.toThrow("seed 42: boom");
  expect(await ofSeed(42, Promise.resolve("fine"))).toBe("fine");
});
