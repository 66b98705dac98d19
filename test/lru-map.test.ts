import { describe, expect, it } from "vitest";
import { LruMap } from "../core/lru-map.ts";

/** What is left, by key. Reading marks an entry as used, so each key is read in the order of `keys`. */
const left = (map: LruMap<string>, keys: string) =>
  [...keys].filter((key) => map.get(key) !== undefined).join("");

describe("a map that forgets the least recently used", () => {
  it("keeps as many entries as it may", () => {
    const map = new LruMap<string>({ maxEntries: 2 });
    for (const key of "abc") map.set(key, key);
    expect(left(map, "abc")).toBe("bc");
  });

  it("counts reading and writing as use", () => {
    const map = new LruMap<string>({ maxEntries: 3 });
    for (const key of "abc") map.set(key, key);
    map.get("a");
    map.set("b", "again");
    map.set("d", "d");
    expect(left(map, "abcd")).toBe("abd");
    expect(map.get("b")).toBe("again");
  });

  it("keeps the sum of the sizes within its bound, whatever is replaced and deleted", () => {
    const map = new LruMap<string>({ maxSize: 5, sizeOf: (value) => value.length });
    map.set("a", "12");
    map.set("b", "12");
    map.set("a", "123"); // 5 in all
    expect(left(map, "ba")).toBe("ba");
    map.set("c", "1"); // drives out b
    expect(left(map, "abc")).toBe("ac");
    expect([map.delete("a"), map.delete("a")]).toEqual([true, false]);
    map.set("d", "1234");
    expect(left(map, "cd")).toBe("cd");
    map.clear();
    map.set("e", "12345");
    expect(left(map, "cde")).toBe("e");
  });

  it("does not keep what is larger than all may be, nor what stood under its key, and leaves the others", () => {
    const map = new LruMap<string>({ maxSize: 3, sizeOf: (value) => value.length });
    map.set("a", "1");
    map.set("b", "1");
    map.set("b", "1234");
    expect(left(map, "ab")).toBe("a");
  });
});
