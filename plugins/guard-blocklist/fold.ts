const DOTLESS_I = "ı";

/**
 * Simple case folding: what differs in case only becomes equal, and every UTF-16 unit stays where it is. What
 * would change its length ("İ" in lower case) stays as it is, and "ß" is not "ss".
 */
export function foldCase(text: string): string {
  if (/^[\0-\x7f]*$/.test(text)) return text.toLowerCase();
  let folded = "";
  for (const character of text) folded += foldCharacter(character);
  return folded;
}

/** By way of the upper case, so that "ς" and "σ", "ſ" and "s" meet. */
function foldCharacter(character: string): string {
  if (character === DOTLESS_I) return character;
  const upper = character.toUpperCase();
  const lower = (upper.length === character.length ? upper : character).toLowerCase();
  return lower.length === character.length ? lower : character;
}
