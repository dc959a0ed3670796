import { sha256 } from "@noble/hashes/sha256";
import { bech32, bech32m, createBase58check } from "@scure/base";

const base58check = createBase58check(sha256);

export type BitcoinAddressKind = "p2wpkh" | "p2tr" | "p2pkh" | "p2sh";
export const PROGRAM_BYTES: Record<BitcoinAddressKind, number> = { p2wpkh: 20, p2tr: 32, p2pkh: 20, p2sh: 20 };

/** A mainnet address for this hash (p2tr: the 32 byte output key). */
export function formatBitcoinAddress(kind: BitcoinAddressKind, program: Uint8Array): string {
  switch (kind) {
    case "p2wpkh":
      return bech32.encode("bc", [0, ...bech32.toWords(program)]);
    case "p2tr":
      return bech32m.encode("bc", [1, ...bech32m.toWords(program)]);
    case "p2pkh":
      return base58check.encode(Uint8Array.of(0x00, ...program));
    case "p2sh":
      return base58check.encode(Uint8Array.of(0x05, ...program));
  }
}

export interface ParsedBitcoinAddress {
  network: "mainnet" | "other";
  /** Bech32 may come in capitals: one key per address. */
  canonical: string;
}

export function parseBitcoinAddress(address: string): ParsedBitcoinAddress | undefined {
  return parseSegwit(address) ?? parseBase58(address);
}

function parseSegwit(address: string): ParsedBitcoinAddress | undefined {
  for (const codec of [bech32, bech32m]) {
    const decoded = codec.decodeUnsafe(address, 90);
    if (!decoded) continue;
    const [version, ...words] = decoded.words;
    const program = codec.fromWordsUnsafe(words);
    if (version === undefined || !(program instanceof Uint8Array)) return undefined;
    const lengthFits =
      version === 0 ? program.length === 20 || program.length === 32 : program.length >= 2 && program.length <= 40;
    const codecFits = (version === 0) === (codec === bech32);
    if (!lengthFits || !codecFits || version > 16 || (version === 1 && program.length !== 32)) return undefined;
    if (!["bc", "tb", "bcrt"].includes(decoded.prefix)) return undefined;
    return { network: decoded.prefix === "bc" ? "mainnet" : "other", canonical: address.toLowerCase() };
  }
  return undefined;
}

function parseBase58(address: string): ParsedBitcoinAddress | undefined {
  try {
    const payload = base58check.decode(address);
    if (payload.length !== 21) return undefined;
    const version = payload[0] ?? -1;
    if (version === 0x00 || version === 0x05) return { network: "mainnet", canonical: address };
    if (version === 0x6f || version === 0xc4) return { network: "other", canonical: address };
    return undefined;
  } catch {
    return undefined; // not base58check at all
  }
}
