import { type AST, parseRegExpLiteral, visitRegExpAST } from "@eslint-community/regexpp";

/** A hostile input, of any length. */
export type Hostile = (characters: number) => string;

/** Characters that classes are tried with besides those which the expression itself names. */
const COMMON = [..." a0A.-_:/,\"'`{}[]()<>\\\n\t@#$%^&*+=?!;|~éÉ“”’×\u001b\0"];
/** What may follow, so that nothing matches in the end. */
const FAILING = ["", "\0", "\n\0"];
/** Characters of a class that are tried. */
const OF_A_CLASS = 5;
/** The forms of what leads to a repetition: the first choice everywhere or another, without or with what may be absent. */
const FORMS = [
  { choice: 0, optional: 0 },
  { choice: 0, optional: 1 },
  { choice: 1, optional: 1 },
  { choice: 2, optional: 1 },
] as const;
type Form = (typeof FORMS)[number];

/**
 * Inputs that an expression may take long for: what each of its unlimited repetitions takes, many times, behind what
 * leads there, once or as often; and then something that does not match.
 */
export function hostileInputs(expression: RegExp): Hostile[] {
  const literal = parseRegExpLiteral(expression);
  const classes = new Classes(literal, expression.flags.replace(/[gy]/g, ""));
  const inputs = new Map<string, Hostile>();
  const add = (lead: string, once: string, end: string) => {
    if (once !== "") inputs.set(`${lead}\n${once}\n${end}`, (n) => lead + once.repeat(n / once.length) + end);
  };
  visitRegExpAST(literal, {
    onQuantifierEnter(repetition) {
      if (repetition.max !== Number.POSITIVE_INFINITY) return;
      const ends = [...FAILING, ...classes.excluded(repetition.element)];
      for (const lead of FORMS.map((form) => classes.leadTo(repetition, form)))
        for (const once of classes.repeated(repetition.element))
          for (const end of ends) {
            add(lead, once, end);
            add("", lead + once, end);
          }
    },
  });
  return [...inputs.values()];
}

/** Texts that parts of one expression match. */
class Classes {
  readonly #flags: string;
  readonly #candidates: string[];

  constructor(literal: AST.RegExpLiteral, flags: string) {
    this.#flags = flags;
    const own = new Set<string>();
    visitRegExpAST(literal, { onCharacterEnter: ({ value }) => void own.add(String.fromCodePoint(value)) });
    this.#candidates = [...new Set([" ", ...own, ...COMMON])];
  }

  /** What one round of a repetition may take, in several forms. */
  repeated(element: AST.Element): string[] {
    const some = this.#characters(element)?.slice(0, OF_A_CLASS);
    if (some) return [...some, ...some.slice(1).map((other) => `${some[0]}${other}`)];
    const rounds = isGroup(element) ? element.alternatives.map(({ elements }) => elements) : [[element]];
    return rounds.flatMap((elements) => FORMS.map((form) => this.#sample(elements, form)));
  }

  /** Two of the characters that a class does not take. */
  excluded(element: AST.Element): string[] {
    const taken = new Set(this.#characters(element));
    return taken.size === 0 ? [] : this.#candidates.filter((one) => !taken.has(one)).slice(0, 2);
  }

  /** What matches up to this place, along the alternatives that it stands in. */
  leadTo(node: AST.Node, form: Form): string {
    const { parent } = node;
    if (!parent) return "";
    if (parent.type !== "Alternative") return this.leadTo(parent, form);
    const before = parent.elements.slice(0, parent.elements.indexOf(node as AST.Element));
    return this.leadTo(parent, form) + this.#sample(before, form);
  }

  /** A short text that matches, in one of several forms; assertions are not looked at. */
  #sample(elements: readonly AST.Element[], form: Form): string {
    return elements.map((element) => this.#one(element, form)).join("");
  }

  #one(element: AST.Element, form: Form): string {
    if (isGroup(element)) {
      const { alternatives } = element;
      return this.#sample(alternatives[form.choice % alternatives.length]?.elements ?? [], form);
    }
    if (element.type === "Quantifier")
      return this.#one(element.element, form).repeat(element.min || Math.min(form.optional, element.max));
    const characters = this.#characters(element) ?? [""];
    return characters[form.choice % characters.length] ?? "";
  }

  /** `undefined` for what is not one character. */
  #characters(element: AST.Element): string[] | undefined {
    if (element.type === "Character") return [String.fromCodePoint(element.value)];
    if (element.type !== "CharacterClass" && element.type !== "CharacterSet") return undefined;
    const one = new RegExp(`^${element.raw}$`, this.#flags);
    return this.#candidates.filter((candidate) => one.test(candidate));
  }
}

const isGroup = (element: AST.Element) => element.type === "Group" || element.type === "CapturingGroup";
