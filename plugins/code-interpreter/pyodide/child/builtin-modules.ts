import type { Native, Pointer } from "./native.ts";

/** An entry has two words: the address of the name, and the function that makes the module. */
const ENTRY_WORDS = 2;
/** Access to JavaScript, memory or other processes; Python's own tests, which crash it on purpose. */
const TAKEN_AWAY =
  /^(?:_pyodide_core|_ctypes|_ctypes_test|_test\w*|_xxtestfuzz|xxsubtype|_remote_debugging|_posixsubprocess)$/;

/**
 * Removes built-in modules from Python's list, so that code cannot create them again. Python uses a copy of the list
 * whose address is unknown, so all copies are searched for by their first entry.
 */
export function takeBuiltinModulesAway(native: Native): void {
  const { HEAPU32: words } = native;
  const entries = entriesAt(native, (words[native._PyImport_Inittab >> 2] ?? 0) >> 2);
  const kept = entries.find(({ name }) => !TAKEN_AWAY.test(name));
  const [first] = entries;
  if (!first || !kept) throw new Error("Python's list of built-in modules was not found");
  for (let at = words.indexOf(first.address); at >= 0; at = words.indexOf(first.address, at + 1))
    for (const [index, { name, address, make }] of entries.entries()) {
      const place = at + index * ENTRY_WORDS;
      if (words[place] !== address || words[place + 1] !== make) break;
      // Another entry replaces it. That module then stands twice, and Python always finds the first.
      if (TAKEN_AWAY.test(name)) words.set([kept.address, kept.make], place);
    }
}

interface Entry {
  name: string;
  /** Address of the name. */
  address: Pointer;
  make: Pointer;
}

function entriesAt({ HEAPU32: words, UTF8ToString }: Native, start: number): Entry[] {
  const entries: Entry[] = [];
  for (let at = start; words[at]; at += ENTRY_WORDS) {
    const [address = 0, make = 0] = words.subarray(at, at + ENTRY_WORDS);
    entries.push({ name: UTF8ToString(address), address, make });
  }
  return entries;
}
