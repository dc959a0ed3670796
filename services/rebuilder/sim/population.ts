import { sha256 } from "@noble/hashes/sha2";
import { base58check } from "@scure/base";
import { c32address } from "c32check";

const hash160 = (index: number) => (index + 1).toString(16).padStart(40, "0");
const bytes = (index: number) => Uint8Array.from([0, ...Buffer.from(hash160(index + 1_000), "hex")]);

/** Agents with valid addresses, unsorted. */
export const POPULATION = Array.from({ length: 40 }, (_, index) => ({
  stxAddress: c32address(22, hash160((index * 17) % 40)),
  btcAddress: base58check(sha256).encode(bytes(index)),
}));
