/**
 * Code points that are, or become, one of the four characters the fence depends on: `<` and `>` (the markers), `&` and
 * `\` (the first character of an escape that could spell one of them).
 *
 * Sources, Unicode 17.0.0 (data under Unicode-3.0, https://www.unicode.org/license.txt):
 * - `confusables.txt` of UTS #39, dated 2025-07-22: every line whose target holds the character;
 * - the canonical and compatibility decompositions of `UnicodeData.txt` (the NFD and NFKD forms of UAX #15).
 *
 * `test/core/fence/look-alikes.test.ts` recomputes the decompositions with the Unicode data of the running Node, and
 * compares the rest with the confusables data when it is at hand.
 */

/** Skeleton, NFKC or NFKD contains `<` or `>`. */
export const angleLookAlikes: readonly number[] = [
  0x02c2, 0x02c3, 0x1433, 0x1437, 0x1438, 0x1440, 0x1441, 0x1444, 0x1445, 0x150c, 0x16b2, 0x2039, 0x203a, 0x226a,
  0x226b, 0x226e, 0x226f, 0x22d6, 0x22d7, 0x22d8, 0x22d9, 0x276e, 0x276f, 0x2a20, 0x2aa5, 0x2cb4, 0x2cb5, 0xfe64,
  0xfe65, 0xff1c, 0xff1e, 0x16f3f, 0x1d236, 0x1d237,
];

/** Skeleton or NFKC contains `&`, `%` or `\`, so that what follows could read as a reference or an escape. */
export const escapeLookAlikes: readonly number[] = [
  // &
  0xa778, 0xfe60, 0xff06,
  // %
  0xfe6a, 0xff05,
  // \
  0x2216, 0x244a, 0x27c8, 0x27cd, 0x29f5, 0x29f9, 0x2cf9, 0x2f02, 0x31d4, 0x4e36, 0xfe68, 0xff3c, 0x1d20f, 0x1d23b,
];
