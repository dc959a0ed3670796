// Texts of fetches.*_error that no source gave: both mark an agent as partial, neither is a failed attempt.

/** Why the Bitcoin part of an agent is marked until the first attempt at its corrected address. */
export const ADDRESS_CHANGED = "address-changed";

/** A complete answer was written but for a holding whose fall is not believed: that one keeps its last amount. */
export const FALL_HELD = "fall-held";
