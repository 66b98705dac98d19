import { findExpression, findFactorial } from "./arithmetic.ts";

/** Python that does what the prompt asks, as far as a handful of rules go; it always prints something. */
export function writePython(prompt: string): string {
  const given = /```(?:python|py)?\s*\n([\s\S]*?)\n?```/.exec(prompt)?.[1] ?? /`([^`]+)`/.exec(prompt)?.[1];
  if (given) return given;
  const factorial = findFactorial(prompt);
  if (factorial !== undefined) return `import math\nprint(math.factorial(${factorial}))`;
  if (/\b(plot|chart|graph|draw|histogram)/i.test(prompt)) return PLOT;
  const root = /square root of (\d+(?:\.\d+)?)/i.exec(prompt)?.[1];
  if (root) return `import math\nprint(math.sqrt(${root}))`;
  const fibonacci = /fibonacci\D*(\d+)|(\d+)\S*\s+fibonacci/i.exec(prompt);
  if (fibonacci)
    return `a, b = 0, 1\nfor _ in range(${fibonacci[1] ?? fibonacci[2]}):\n    a, b = b, a + b\nprint(a)`;
  const statistic = /\b(mean|average|median|sum|max|min)/i.exec(prompt)?.[1]?.toLowerCase();
  const range = /(\d+)\s*(?:to|through|-|\.\.)\s*(\d+)/.exec(prompt);
  const numbers = prompt.match(/-?\d+(?:\.\d+)?/g) ?? [];
  if (statistic && numbers.length > 0)
    return aggregate(statistic, range ? `range(${range[1]}, ${range[2]} + 1)` : `[${numbers.join(", ")}]`);
  const expression = findExpression(prompt);
  return `print(${expression ?? JSON.stringify(prompt)})`;
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
