/** A schema that nothing can make into one of a function's arguments. The message says why. */
export class Unusable extends Error {
  override readonly name = "Unusable";
}
