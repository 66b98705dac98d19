import { findExpression, findFactorial } from "./arithmetic.ts";

/** Python that does what the prompt asks, by a handful of rules. It always prints something. */
export function writePython(prompt: string): string {
  const given = fencedCode(prompt) ?? /`([^`]+)`/.exec(prompt)?.[1];
  if (given) return given;
  const factorial = findFactorial(prompt);
  if (factorial !== undefined) return `import math\nprint(math.factorial(${factorial}))`;
  if (/\b(plot|chart|graph|draw|histogram)/i.test(prompt)) return PLOT;
  const root = /square root of (\d+(?:\.\d+)?)/i.exec(prompt)?.[1];
  if (root) return `import math\nprint(math.sqrt(${root}))`;
  const fibonacci = findFibonacci(prompt);
  if (fibonacci) return `a, b = 0, 1\nfor _ in range(${fibonacci}):\n    a, b = b, a + b\nprint(a)`;
  const statistic = /\b(mean|average|median|sum|max|min)/i.exec(prompt)?.[1]?.toLowerCase();
  const range = /\b(\d+)\s*(?:to|through|-|\.\.)\s*(\d+)/.exec(prompt);
  const numbers = prompt.match(/-?\d+(?:\.\d+)?/g) ?? [];
  if (statistic && numbers.length > 0)
    return aggregate(statistic, range ? `range(${range[1]}, ${range[2]} + 1)` : `[${numbers.join(", ")}]`);
  const expression = findExpression(prompt);
  return `print(${expression ?? JSON.stringify(prompt)})`;
}

/** The first fenced block of Python, or without a language. `undefined` if no fence closes it. */
function fencedCode(prompt: string): string | undefined {
  const parts = prompt.split("```");
  for (let at = 1; at + 1 < parts.length; at += 2) {
    const [, code] = /^(?:python|py)?[^\S\n]*\n([\s\S]*)$/.exec(parts[at] ?? "") ?? [];
    if (code?.trim()) return code.replace(/\n$/, "");
  }
  return undefined;
}

/** The digits of the 10 in `the 10th fibonacci number` or `fibonacci of 10`. */
function findFibonacci(prompt: string): string | undefined {
  const at = prompt.search(/fibonacci/i);
  if (at < 0) return undefined;
  const before = /\s$/.test(prompt.slice(0, at)) ? prompt.slice(0, at).trimEnd().split(/\s/).at(-1) : "";
  return (/\d+/.exec(before ?? "") ?? /\d+/.exec(prompt.slice(at)))?.[0];
}

function aggregate(statistic: string, values: string): string {
  if (statistic === "median") return `import statistics\nprint(statistics.median(${values}))`;
  if (statistic === "mean" || statistic === "average")
    return `import statistics\nprint(statistics.mean(${values}))`;
  return `print(${statistic}(${values}))`;
}

const PLOT = `import math
import matplotlib.pyplot as plt

xs = [x / 10 for x in range(63)]
plt.plot(xs, [math.sin(x) for x in xs])
plt.title("sin(x)")
plt.show()
print("plotted sin(x)")`;
