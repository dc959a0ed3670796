const GRAPHEMES = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Longest name shown, in what a reader takes for one character. */
export const MAX_NAME_GRAPHEMES = 64;

// Long enough for 64 of the longest ordinary emoji; what is longer is cut before it is segmented.
const MAX_NAME_CHARACTERS = 2_048;

// Controls, format characters (bidi overrides, zero widths, BOM), unpaired surrogates, private use.
// U+200D joins emoji, and joins letters in Indic scripts, so it stays between two visible characters.
const UNWANTED = /[\p{Cc}\p{Cs}\p{Co}]|(?!\u200d)\p{Cf}/gu;
const STRAY_JOINER = /^\u200d+|\u200d+$|\u200d+(?=\s)|(?<=\s)\u200d+|\u200d(?=\u200d)/gu;

/**
 * A name as shown: NFC, without invisible or direction-changing characters, white space folded, at most 64 graphemes.
 * Null when nothing visible is left.
 */
export function toDisplayName(text: string | null | undefined): string | null {
  if (!text) return null;
  const clean = text
    .slice(0, MAX_NAME_CHARACTERS)
    .replace(/\s+/gu, " ")
    .replace(UNWANTED, "")
    .replace(STRAY_JOINER, "")
    .replace(/ +/g, " ") // of what stood around the unwanted
    .normalize("NFC")
    .trim();
  if (clean === "") return null;
  if (clean.length <= MAX_NAME_GRAPHEMES) return clean;
  const graphemes = [...GRAPHEMES.segment(clean)].map((part) => part.segment);
  if (graphemes.length <= MAX_NAME_GRAPHEMES) return clean;
  return `${graphemes
    .slice(0, MAX_NAME_GRAPHEMES - 1)
    .join("")
    .trimEnd()}…`;
}
