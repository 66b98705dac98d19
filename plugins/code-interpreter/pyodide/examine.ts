import { RuntimeError } from "../runtime.ts";
import type { Confinement } from "./confinement.ts";
import type { Settings } from "./options.ts";
import type { PyodideSession } from "./session.ts";
import type { Started } from "./starts.ts";

interface Examined {
  started: Started;
  confinement: Confinement;
  settings: Settings;
  signal: AbortSignal;
}

/** @throws RuntimeError when Python does not do sums */
export async function examine(
  session: PyodideSession,
  { started, settings, signal }: Examined,
): Promise<Record<string, unknown>> {
  let text = "";
  const sink = { text: (_: string, some: string) => (text += some), cut() {}, image() {} };
  await session.execute("print(6*7)", sink, { timeoutMs: 10_000, signal, logCharacters: 1000 });
  if (text !== "42\n") throw new RuntimeError("unavailable", "Python does not print.");
  return { python: started.python, memoryMiB: settings.memoryMiB };
}
