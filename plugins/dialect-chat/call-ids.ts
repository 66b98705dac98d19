import { createHash } from "node:crypto";

/** Gives the calls of one conversation ids that the server takes. Call it in the order of the conversation. */
export interface CallIds {
  /** The id of a call. */
  ofCall(given: string): string;
  /** The id of an output without its call. */
  ofLoneOutput(given: string): string;
}

export const asGiven: CallIds = { ofCall: (given) => given, ofLoneOutput: (given) => given };

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LENGTH = 9;
const GOOD = /^[a-zA-Z0-9]{9}$/;

/**
 * Nine letters and digits, unique in the conversation. An id that is already of this form stays. Any other is derived
 * from the given id, so that a call has the same id in every request and the server's prompt cache works.
 */
export class NineCharacterIds implements CallIds {
  readonly #taken = new Set<string>();
  /** The latest id made from each given one, and their number: servers that number calls start again in each answer. */
  readonly #latest = new Map<string, { id: string; count: number }>();

  ofCall(given: string): string {
    let count = this.#latest.get(given)?.count ?? 0;
    let id = count === 0 && GOOD.test(given) ? given : toNine(count === 0 ? given : `${count} ${given}`);
    while (this.#taken.has(id)) {
      count += 1;
      id = toNine(`${count} ${given}`);
    }
    this.#taken.add(id);
    this.#latest.set(given, { id, count: count + 1 });
    return id;
  }

  ofLoneOutput(given: string): string {
    return this.#latest.get(given)?.id ?? this.ofCall(given);
  }
}

/** Nine base-62 digits: 53 bits of the hash. */
function toNine(text: string): string {
  let rest = createHash("sha256").update(text).digest().readBigUInt64BE();
  let digits = "";
  for (let i = 0; i < LENGTH; i += 1) {
    digits += DIGITS[Number(rest % 62n)];
    rest /= 62n;
  }
  return digits;
}
