import { sha256 } from "@noble/hashes/sha2";
import { base58check } from "@scure/base";
import { c32address } from "c32check";
import { hash } from "./random.ts";

/** As many agents as the largest board of a history, and some that may join it. */
const SIZE = 420;

/** Spread over all addresses, as those of real agents are. */
const hash160 = (...words: (string | number)[]) =>
  Array.from({ length: 5 }, (_, part) =>
    hash(...words, part)
      .toString(16)
      .padStart(8, "0"),
  ).join("");
const bytes = (index: number) => Uint8Array.from([0, ...Buffer.from(hash160("bitcoin", index), "hex")]);

/** Agents with valid addresses, unsorted. */
export const POPULATION = Array.from({ length: SIZE }, (_, index) => ({
  stxAddress: c32address(22, hash160("stacks", index)),
  btcAddress: base58check(sha256).encode(bytes(index)),
}));
