import { sha256 } from "@noble/hashes/sha2";
import { base58check } from "@scure/base";
import { c32address } from "c32check";

/** As many agents as the largest board of a history, and some that may join it. */
const SIZE = 420;

const hash160 = (index: number) => (index + 1).toString(16).padStart(40, "0");
const bytes = (index: number) => Uint8Array.from([0, ...Buffer.from(hash160(index + 10_000), "hex")]);

/** The multiplier has no factor in common with the size: every index comes once, in no order. */
const scramble = (index: number) => (index * 173) % SIZE;

/** Agents with valid addresses, unsorted. */
export const POPULATION = Array.from({ length: SIZE }, (_, index) => ({
  stxAddress: c32address(22, hash160(scramble(index))),
  btcAddress: base58check(sha256).encode(bytes(index)),
}));
