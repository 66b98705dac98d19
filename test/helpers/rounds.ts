/** Rounds of random tests: few with fixed seeds, or many with new ones (`npm run test:long`). */

const atLength = process.env.VR_TEST_LONG === "1";

/** `VR_TEST_SEED` repeats a run at length; a failing test names the seed of its round. */
const first = atLength ? Number(process.env.VR_TEST_SEED ?? Date.now() % 1_000_000_000) : 1;

/** The seeds of so many rounds, one after the other. */
export function seeds(rounds: { few: number; many: number }): readonly number[] {
  return Array.from({ length: atLength ? rounds.many : rounds.few }, (_, n) => first + n);
}

/** A number from 0 up to, and without, 1. */
export type Chance = () => number;

/** Gives the same numbers for the same seed. */
export function chanceOf(seed: number): Chance {
  let state = (seed * 7919) % 2147483648;
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
}

/** A whole number from 0 up to, and without, `count`. */
export const oneOf = (chance: Chance, count: number) => Math.floor(chance() * count);

/** What a round gives. @throws Error that names the round's seed, so that it can be run again */
export async function ofSeed<T>(seed: number, round: Promise<T>): Promise<T> {
  try {
    return await round;
  } catch (cause) {
    throw new Error(`seed ${seed}: ${(cause as Error).message}`, { cause });
  }
}
