import { describeFallHold, type FallHold } from "./falls.ts";
import { describePriceHold, type PriceHold } from "./price-jump.ts";
import { describeRosterHold, type RosterHold } from "./roster-shrink.ts";

/** What a hold is about, what is held back, and how it ends: one telling for status, log, page and command line. */
export function describeHold(hold: FallHold | RosterHold | PriceHold): {
  subject: string;
  detail: string;
  release: string;
} {
  switch (hold.kind) {
    case "fall":
      return {
        subject: hold.tokenId,
        detail: describeFallHold(hold),
        release:
          "accept it if these balances really fell; otherwise it ends when the agents answer with a balance, when another route agrees, or after six hours",
      };
    case "roster":
      return {
        subject: "roster",
        detail: describeRosterHold(hold),
        release: "accept it if so many agents really left; otherwise it ends with a larger roster",
      };
    case "price":
      return {
        subject: hold.tokenId,
        detail: describePriceHold(hold),
        release:
          hold.from === null
            ? "accept it if the price is right; otherwise it ends when a second source agrees"
            : "accept it if the price is right; otherwise it ends when a second source agrees, or when the one says the same for half an hour",
      };
  }
}
