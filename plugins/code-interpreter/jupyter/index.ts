import type { RuntimeFactory } from "../runtime.ts";

export function jupyter(): RuntimeFactory {
  throw new Error("not yet");
}
