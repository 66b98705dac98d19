/** Thrown for a schema that cannot describe a function's arguments. The message says why. */
export class Unusable extends Error {
  override readonly name = "Unusable";
}
