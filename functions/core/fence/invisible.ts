/**
 * Characters that nobody sees, or that a terminal obeys: controls, formats (bidi, zero-width, tags), private use,
 * unassigned, surrogates, line and paragraph separators, and whatever else Unicode lets a renderer ignore (UAX #44).
 */
export const unseen = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

const hidden = new RegExp(`(?![\\n\\t])${unseen.source}`, 'gu');

/**
 * Shows what is invisible in a text for people, LF and TAB excepted, as `\u{HEX}`. Nothing else changes, so this is no
 * encoding: it cannot be undone, and what a model reads needs the fence.
 */
export function showInvisible(text: string): string {
  return text.replace(hidden, (character) => `\\u{${character.codePointAt(0)?.toString(16).toUpperCase()}}`);
}
