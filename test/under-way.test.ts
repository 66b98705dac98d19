import { expect, it } from "vitest";
import { UnderWay } from "../core/under-way.ts";

it("knows what was added and not removed, in whatever order that is done", () => {
  const open = new UnderWay<string>();
  const remove = new Map(["a", "b", "c", "d"].map((name) => [name, open.add(name)]));
  remove.get("b")?.();
  expect(open.values.sort()).toEqual(["a", "c", "d"]);
  remove.get("d")?.();
  remove.get("a")?.();
  expect(open.values).toEqual(["c"]);
  remove.get("c")?.();
  expect(open.values).toEqual([]);
});

it("removes a value once, though the same is there twice", () => {
  const open = new UnderWay<string>();
  const removeFirst = open.add("same");
  open.add("same");
  removeFirst();
  removeFirst();
  expect(open.values).toEqual(["same"]);
});
