import { z } from "@hono/zod-openapi";
import { toWords } from "@standings/balances";
import { MAX_WORDS_LOOKED_AT } from "@standings/db";

export const MAX_SEARCH_LIMIT = 50;

/** A name has 64 characters at most, an address 62. */
export const MAX_SEARCH_CHARACTERS = 100;

/** Each further word costs a look-up per candidate, and the first eight tell agents apart. */
const MAX_SEARCH_WORDS = 8;

/** Text to the words that are looked up, in one order for every spelling of the same search. */
export const searchParameter = z
  .string()
  .transform((text, context) => {
    if ([...text].length > MAX_SEARCH_CHARACTERS) {
      context.addIssue({ code: "custom", message: `must have at most ${MAX_SEARCH_CHARACTERS} characters` });
      return z.NEVER;
    }
    const words = toNeededWords(toWords(text));
    if (words.length > 0 && words.length <= MAX_SEARCH_WORDS) return words;
    const rule = words.length === 0 ? "a letter, a digit or an emoji" : `at most ${MAX_SEARCH_WORDS} different words`;
    context.addIssue({ code: "custom", message: `must have ${rule}` });
    return z.NEVER;
  })
  .openapi({
    type: "string",
    minLength: 1,
    maxLength: MAX_SEARCH_CHARACTERS,
    description: `Only agents with a word of the display name, BNS name or an address that begins like this, in any case; of several words all. In rank order. Looks at ${MAX_WORDS_LOOKED_AT} matching words at most. Not with offset or around.`,
    example: "marten",
  });

/** Without words that another one begins with: whoever has that one has them all. */
function toNeededWords(words: readonly string[]): string[] {
  return words.filter((word) => !words.some((other) => other !== word && other.startsWith(word))).sort();
}
