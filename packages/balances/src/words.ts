import type { RosterAgent } from "./roster.ts";

// A name is cut into its words before it is stored, a query before it is looked up: one function for both sides.

// Invisible in a name or a query, and typed by nobody: joiners, variation selectors, skin tones.
const IGNORED = /[\p{Cf}\p{Variation_Selector}\p{Emoji_Modifier}]/gu;

// Letters, digits and their marks in a row; every emoji or symbol stands alone, so that each of a sequence is found.
const WORD = /[\p{L}\p{N}\p{M}]+|\p{Extended_Pictographic}|\p{So}/gu;

/** The distinct words of a text as they are compared: compatibility forms and case folded, without punctuation. */
export function toWords(text: string): string[] {
  return [...new Set(fold(text).match(WORD))];
}

/** What an agent is found by: every word of its names, and its addresses whole. */
export function toAgentWords(
  agent: Pick<RosterAgent, "stxAddress" | "btcAddress" | "displayName" | "bnsName">,
): string[] {
  const names = [agent.displayName, agent.bnsName].flatMap((name) => (name === null ? [] : toWords(name)));
  return [...new Set([...names, fold(agent.stxAddress), fold(agent.btcAddress)])];
}

/** Upper case first: it makes one spelling of ß and ss, and of both small sigmas. */
function fold(text: string): string {
  return text.normalize("NFKC").replace(IGNORED, "").toUpperCase().toLowerCase().replaceAll("ς", "σ").normalize("NFKC");
}
