/** Why a holding is no part of its agent's total. */
export const UNCOUNTED_REASONS = [
  "unlisted",
  "no-price",
  "price-withheld",
  "implausible",
  "claimed-by-another",
  "excluded",
] as const;
export type UncountedReason = (typeof UNCOUNTED_REASONS)[number];

export const WHY_NOT_COUNTED: Record<UncountedReason, string> = {
  unlisted: "The token is none of those that count.",
  "no-price": "What it is worth is unknown.",
  "price-withheld": "Its price is not believed.",
  implausible: "The amount is not believed.",
  "claimed-by-another": "The Bitcoin address counts for the agent that was verified first.",
  excluded: "The operator excluded it.",
};
