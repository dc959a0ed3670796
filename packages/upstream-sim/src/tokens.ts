import { c32address } from "c32check";
import { createRandom, pickHex, toUnit } from "./random.ts";

export interface SimulatedToken {
  /** Contract id and asset name, as Hiro's balance answers name a token. */
  assetId: string;
  symbol: string;
  name: string;
  decimals: number;
  /** What the walk of its price starts from; null = no feed knows a price. */
  priceUsd: number | null;
  /** Tenero answers 0 for some tokens, which means "no price". */
  teneroKnows?: false;
  alexLists?: true;
}

/** Real tokens, by their real contract ids and asset names. Prices are of the right order only. */
export const TOKENS: readonly SimulatedToken[] = [
  token("SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token::sbtc-token", "sBTC", "sBTC", 8, null),
  token("SP120SBRBQJ00MCWS7TM5R8WJNTTKD5K0HFRC2CNE.usdcx::usdcx-token", "USDCx", "USDCx", 6, 1),
  token("SP3Y2ZSH8P7D50B0VBTSX11S7XSG24M1VB9YFQA4K.token-aeusdc::aeUSDC", "aeUSDC", "Allbridge USDC", 6, 1, "alex"),
  token("SP4SZE494VC2YC5JYG7AYFQ44F5Q4PYV7DVMDPBG.ststx-token::ststx", "stSTX", "Stacked STX", 6, 0.94, "alex"),
  token("SP4SZE494VC2YC5JYG7AYFQ44F5Q4PYV7DVMDPBG.ststxbtc-token-v2::ststxbtc", "stSTXbtc", "stSTXbtc", 6, 0.85),
  token("SP102V8P0F7JX67ARQ77WEA3D3CFB5XW39REDT0AM.token-alex::alex", "ALEX", "ALEX Token", 8, 0.0042, "alex"),
  token(
    "SP3NE50GEXFG9SZGTT51P40X2CKYSZ5CC4ZTZ7A2G.welshcorgicoin-token::welshcorgicoin",
    "WELSH",
    "Welshcorgicoin",
    6,
    0.00031,
    "alex",
  ),
  token("SP1AY6K3PQV5MRT6R4S671NWW2FRVPKM0BR162CT6.leo-token::leo", "LEO", "Leo", 6, 0.000021, "alex"),
  token(
    "SP1Z92MPDQEWZXW36VX71Q25HKF5K2EPCJ304F275.tokensoft-token-v4k68639zxz::tokensoft-token",
    "PEPE",
    "Pepe",
    3,
    0.0000041,
    "alex",
  ),
  token("SP32AEEF6WW5Y0NMJ1S8SBSZDAY8R5J32NBZFPKKZ.nope::NOT", "NOT", "Nothing", 0, 0.0000462, "alex"),
  token("SP1Y5YSTAHZ88XYK1VPDH24GY0HPX5J4JECTMY4A1.velar-token::velar", "VELAR", "Velar", 6, 0.0031, "alex"),
  token("SP2C1WREHGM75C7TGFAEJPFKTFTEGZKF6DFT6E2GE.kangaroo::kangaroo", "ROO", "Kangaroo", 6, 0.0011),
  token("SP4M2C88EE8RQZPYTC4PZ88CE16YGP825EYF6KBQ.stacks-rock::rock", "ROCK", "Stacks Rock", 6, 0.0000009),
  token("SP2X2Z28NXZVJFCJPBR9Q3NBVYBK3GPX8PXA3R83C.odin-tkn::odin", "ODIN", "Odin", 6, 0.000012),
  token(
    "SP1N4EXSR8DP5GRN2XCWZEW9PR32JHNRYW7MVPNTA.PomerenianBoo-Pomboo::PomeranianBoo",
    "POMBOO",
    "Pomeranian Boo",
    8,
    null,
  ),
  token("SP265WBWD4NH7TVPYQTVD23X3607NNK4484DTXQZ3.longcoin::longcoin", "LONG", "LONGcoin", 6, 0.000000423, "alex"),
  token("SP2C2YFP12AJZB4MABJBAJ55XECVS7E4PMMZ89YZR.usda-token::usda", "USDA", "USDA", 6, 1, "tenero-zero"),
  token("SP2C2YFP12AJZB4MABJBAJ55XECVS7E4PMMZ89YZR.arkadiko-token::diko", "DIKO", "Arkadiko", 6, 0.0021),
  token("SPN5AKG35QZSK2M8GAMR4AFX45659RJHDW353HSG.usdh-token-v1::usdh", "USDh", "Hermetica USDh", 8, 1, "alex"),
  token(
    "SP2XD7417HGPRTREMKF748VNEQPDRR0RMANB7X1NK.token-susdt::bridged-usdt",
    "sUSDT",
    "Bridged USDT",
    8,
    1,
    "tenero-zero",
  ),
  token("SP3K8BC0PPEVCV7NZ6QSRWPQ2JE9E5B6N3PA0KBR9.age000-governance-token::alex", "ALEX", "ALEX (old)", 8, null),
  token("SPWECF3XYVRBRCN23CJJCX9XKSF8RFWQPAQMWXT.blockstack::BLOCKSTACK", "STX", "Blockstack", 6, null),
];

export const SBTC_ASSET_ID = "SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token::sbtc-token";

const BY_CONTRACT = new Map(TOKENS.map((entry) => [toContractId(entry.assetId), entry]));

const BY_CONTRACT_NAME = new Map(TOKENS.map((entry) => [toContractId(entry.assetId).split(".")[1] ?? "", entry]));

export function toContractId(assetId: string): string {
  return assetId.split("::", 1)[0] ?? assetId;
}

export function findToken(contractId: string): SimulatedToken | undefined {
  return BY_CONTRACT.get(contractId);
}

const SPAM_NAMES = [
  ["claim-your-airdrop", "CLAIM-AT-EXAMPLE"],
  ["bitcoin-token", "BTC"],
  ["sbtc-token", "sbtc-token"],
  ["free-stx", "STX"],
  ["usd-reward", "USDC!"],
  ["to-the-moon", "moon+100x"],
] as const;

/** So many tokens nobody asked for are in the world. */
export const SPAM_POOL = 500;

/** The nth token that nobody asked for. Some carry the asset name of a real one, on purpose. */
export function createSpamAssetId(seed: string, n: number): string {
  const [contract, asset] = SPAM_NAMES[n % SPAM_NAMES.length] ?? SPAM_NAMES[0];
  const deployer = c32address(22, pickHex(createRandom(seed, "spam", n), 20));
  return `${deployer}.${contract}-${n}::${asset}`;
}

export type Metadata = { decimals?: number; name: string; symbol: string } | "not-found" | "in-progress";

/** What the metadata service knows of a contract: of unlisted ones something, little or nothing. */
export function findMetadata(contractId: string): Metadata {
  const known = findToken(contractId);
  if (known) return { name: known.name, symbol: known.symbol, decimals: known.decimals };
  const name = contractId.split(".")[1] ?? contractId;
  const original = BY_CONTRACT_NAME.get(name);
  // Whoever deploys under the name of a real token also writes that token's symbol into the metadata.
  if (original) return { name: original.name, symbol: original.symbol, decimals: original.decimals };
  const luck = toUnit("metadata", contractId);
  if (luck < 0.2) return "not-found";
  if (luck < 0.3) return "in-progress";
  if (luck < 0.4) return { name, symbol: name.slice(0, 8).toUpperCase() };
  return { name, symbol: name.slice(0, 8).toUpperCase(), decimals: Math.floor(toUnit("decimals", contractId) * 9) };
}

function token(
  assetId: string,
  symbol: string,
  name: string,
  decimals: number,
  priceUsd: number | null,
  feed?: "alex" | "tenero-zero",
): SimulatedToken {
  return {
    assetId,
    symbol,
    name,
    decimals,
    priceUsd,
    ...(feed === "alex" ? { alexLists: true } : {}),
    ...(feed === "tenero-zero" ? { teneroKnows: false } : {}),
  };
}
