import { type Hostile, hostileInputs } from "./hostile-inputs.ts";

/** Characters of the first input; each is twice as long as the one before. */
const SHORTEST = 12;
const LONGEST = 30_000;
/** Milliseconds of the processor, from which on it is worth a second look. */
const SLOW_MS = 15;
/** How many times longer an input of twice the length may take; four times is quadratic. */
const MOST_GROWTH = 3;

/** An input for which an expression takes more than proportionally long. `undefined` if none was found. */
export function superlinearInput(expression: RegExp): string | undefined {
  for (const input of hostileInputs(expression)) if (isSuperlinear(expression, input)) return input(40);
  return undefined;
}

function isSuperlinear(expression: RegExp, input: Hostile): boolean {
  for (let length = SHORTEST; length <= LONGEST; length *= 2) {
    if (millisecondsFor(expression, input(length)) < SLOW_MS) continue;
    // Again, since the first time compiles.
    const half = millisecondsFor(expression, input(length / 2));
    if (millisecondsFor(expression, input(length)) > Math.max(SLOW_MS, half * MOST_GROWTH)) return true;
  }
  return false;
}

/** CPU time of this thread alone, so that other work on the machine does not count. */
function millisecondsFor(expression: RegExp, text: string): number {
  const before = process.threadCpuUsage().user;
  // Every match, as replace and matchAll look for them.
  if (expression.global) text.replace(expression, "");
  else expression.test(text);
  return (process.threadCpuUsage().user - before) / 1000;
}
