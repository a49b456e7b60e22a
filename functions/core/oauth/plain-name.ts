/** A blank of Braille is no letter and no space for Unicode, and looks like one. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/**
 * A client's name without anything that could make it look like something else: controls, direction overrides (U+202E),
 * invisible and unassigned characters, line breaks. It is still only what the client calls itself.
 *
 * A registration stores this, and whatever shows a name shows this: what is stored may have come another way.
 */
export function plainName(name: string | null | undefined): string | undefined {
  const plain = (name ?? '').normalize('NFC').replaceAll(UNSEEN, '').replaceAll(/\s+/gu, ' ').trim();
  return plain === '' ? undefined : plain;
}
