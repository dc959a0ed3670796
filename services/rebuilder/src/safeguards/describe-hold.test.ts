import { expect, it } from "vitest";
import { heldFall } from "../../test/falls.ts";
import { describeHold } from "./describe-hold.ts";
import type { PriceHold } from "./price-jump.ts";
import type { RosterHold } from "./roster-shrink.ts";

const roster: RosterHold = { id: "roster-1", kind: "roster", size: 300, reference: 430, since: 1, seen: 2 };
const price: PriceHold = {
  id: "price-1",
  kind: "price",
  tokenId: "stx",
  priceUsd: 5,
  source: "coinbase",
  from: 1,
  since: 1,
  saidSince: 1,
  seen: 2,
};

it.each([
  ["a fall", heldFall(), "sbtc", "31 agents fell to zero sbtc", "another route agrees, or after six hours"],
  ["a roster", roster, "roster", "the roster shrank from 430 to 300 agents", "a larger roster"],
  ["a price", price, "stx", "stx went from 1 to 5 USD at coinbase alone", "half an hour"],
  ["a first price", { ...price, from: null }, "stx", "the first price of stx, 5 USD", "a second source agrees"],
])("says of %s what it is about, what is held back, and how it ends", (_name, hold, subject, detail, release) => {
  const told = describeHold(hold);
  expect(told.subject).toBe(subject);
  expect(told.detail).toContain(detail);
  expect(told.release).toMatch(/^accept it if .*; otherwise it ends /);
  expect(told.release).toContain(release);
});

it("promises no release in time where there is none: the first price of a coin needs a second source", () => {
  expect(describeHold({ ...price, from: null }).release).not.toContain("half an hour");
});
