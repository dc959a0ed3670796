import { c32address } from "c32check";
import { U128_MAX } from "./amounts.ts";
import { createRandom, pickHex } from "./random.ts";
import { SBTC_ASSET_ID, TOKENS } from "./tokens.ts";

/** What a stranger can send to an agent, or a broken indexer can say of it. */
export const HOSTILE_KINDS = [
  "past-uint128",
  "negative",
  "letters",
  "long",
  "malformed-asset",
  "malformed-address",
  "look-alike",
] as const;
export type HostileKind = (typeof HOSTILE_KINDS)[number];

/** Tokens of this kind, by asset identifier. The same seed gives the same ones. */
export function createHostileTokens(kind: HostileKind, seed = "hostile"): Record<string, string> {
  const deployer = c32address(22, pickHex(createRandom(seed, kind), 20));
  const asset = `${deployer}.hostile-${kind}::hostile`;
  switch (kind) {
    case "past-uint128":
      // Each is an amount that a contract can mint; their sum is none.
      return { [asset]: String(U128_MAX), [`${asset}-too`]: "1" };
    case "negative":
      return { [asset]: "-1" };
    case "letters":
      return { [asset]: "12three" };
    case "long":
      return { [asset]: "9".repeat(200) };
    case "malformed-asset":
      return Object.fromEntries(
        [
          "",
          "::",
          "hostile",
          `${deployer}.no-asset`,
          `${deployer}::no-contract`,
          "__proto__",
          `${asset}::${asset}`,
        ].map((identifier) => [identifier, "1"]),
      );
    case "malformed-address":
      return { [`${deployer.slice(0, -1)}${deployer.endsWith("0") ? "1" : "0"}.hostile::hostile`]: "1" };
    case "look-alike":
      return Object.fromEntries(LOOKED_LIKE.map((assetId) => [`${deployer}.${assetId.split(".")[1]}`, "100000000000"]));
  }
}

/** Every one of these has a price, so mistaking the copy for it makes somebody rich. */
const LOOKED_LIKE = [SBTC_ASSET_ID, ...TOKENS.filter((token) => token.priceUsd !== null).map((token) => token.assetId)];
