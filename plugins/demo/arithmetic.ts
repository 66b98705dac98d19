const OPERATORS: Record<string, string> = { "×": "*", "÷": "/", "−": "-", "·": "*", "^": "**" };
const SPELLED: Record<string, string> = {
  x: "*",
  times: "*",
  "multiplied by": "*",
  plus: "+",
  minus: "-",
  "divided by": "/",
};

/** Most characters searched in a prompt, since deeply nested brackets could overflow the stack. */
const MAX_LENGTH = 1_000;

/** The first arithmetic expression in a text, with Python's operators: `12 * 7`. `undefined` if there is none. */
export function findExpression(text: string): string | undefined {
  const spelled = text
    .slice(0, MAX_LENGTH)
    .replace(/(?<=\d)\s*(x|times|multiplied by|plus|minus|divided by)\s*(?=[\d(])/gi, toOperator)
    .replace(/[×÷−·^]/g, (sign) => OPERATORS[sign] ?? sign);
  for (const [candidate] of spelled.matchAll(/[\d\s.()+*/%-]+/g)) {
    const [begun = ""] = /[-(\d].*/s.exec(candidate) ?? [];
    const [expression = ""] = /^(?:[^\d)]*[\d)])*/.exec(begun) ?? [];
    if (/[\d)]\s*[-+*/%]/.test(expression) && evaluate(expression) !== undefined) return expression;
  }
  return undefined;
}

const toOperator = (_: string, word: string): string => ` ${SPELLED[word.toLowerCase()]} `;

/** The value of an expression of numbers, `+ - * / % **` and brackets. `undefined` for any other text. */
export function evaluate(expression: string): number | undefined {
  const tokens = expression.match(/\d+\.?\d*|\.\d+|\*\*|[-+*/%()]|\S/g) ?? [];
  let at = 0;

  const took = (operator: string): boolean => {
    if (tokens[at] !== operator) return false;
    at++;
    return true;
  };
  const sum = (): number => {
    let value = product();
    for (;;) {
      if (took("+")) value += product();
      else if (took("-")) value -= product();
      else return value;
    }
  };
  const product = (): number => {
    let value = signed();
    for (;;) {
      if (took("*")) value *= signed();
      else if (took("/")) value /= signed();
      else if (took("%")) value %= signed();
      else return value;
    }
  };
  const signed = (): number => (took("-") ? -signed() : power());
  const power = (): number => {
    const base = atom();
    return took("**") ? base ** signed() : base;
  };
  const atom = (): number => {
    if (took("(")) {
      const value = sum();
      return took(")") ? value : Number.NaN;
    }
    const token = tokens[at++];
    return token && /^[\d.]/.test(token) ? Number(token) : Number.NaN;
  };

  const value = sum();
  return at === tokens.length && Number.isFinite(value) ? value : undefined;
}

/** The number whose factorial a text asks for: `factorial of 5`, `5!`. */
export function findFactorial(text: string): number | undefined {
  const words = text.replace(/\s+/g, " ");
  const match = /factorial (?:of )?(?:the number )?(\d{1,4})|\b(\d{1,4}) factorial|\b(\d{1,4})!/i.exec(words);
  const digits = match?.[1] ?? match?.[2] ?? match?.[3];
  return digits === undefined ? undefined : Number(digits);
}

/** The result of the calculation that a text asks for: `12 * 7 = 84`. `undefined` if there is none. */
export function calculate(text: string): string | undefined {
  const number = findFactorial(text);
  if (number !== undefined) {
    let factorial = 1n;
    for (let factor = 2n; factor <= BigInt(number); factor++) factorial *= factor;
    return `The factorial of ${number} is ${factorial}.`;
  }
  const expression = findExpression(text);
  return expression && `${expression} = ${Number(evaluate(expression)?.toPrecision(15))}.`;
}
