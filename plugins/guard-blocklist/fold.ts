const DOTLESS_I = "ı";

/**
 * Simple case folding: texts that differ only in case become equal, and every UTF-16 unit keeps its position. A
 * character whose length would change ("İ" in lower case) stays unchanged, and "ß" does not become "ss".
 */
export function foldCase(text: string): string {
  if (/^[\0-\x7f]*$/.test(text)) return text.toLowerCase();
  let folded = "";
  for (const character of text) folded += foldCharacter(character);
  return folded;
}

/** Goes through the upper case, so that "ς" equals "σ" and "ſ" equals "s". */
function foldCharacter(character: string): string {
  if (character === DOTLESS_I) return character;
  const upper = character.toUpperCase();
  const lower = (upper.length === character.length ? upper : character).toLowerCase();
  return lower.length === character.length ? lower : character;
}
