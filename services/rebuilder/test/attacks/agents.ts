import { bech32 } from "@scure/base";
import { makeAgent, type TestAgent } from "../agents.ts";
import type { AttackUpstreams } from "./upstreams.ts";

/** Agents with a Bitcoin address each, in address order; `level`, names and keys as in the other tests. */
export function makeBoard(n: number, from = 0): TestAgent[] {
  const agents = Array.from({ length: n }, (_, index) => {
    return makeAgent(from + index, { btcAddress: toBitcoinAddress(from + index) });
  });
  return agents.sort((a, b) => (a.stxAddress < b.stxAddress ? -1 : 1));
}

/** A valid witness address that nobody else in the tests has. */
function toBitcoinAddress(index: number): string {
  const hash = new Uint8Array(20);
  new DataView(hash.buffer).setUint32(16, index + 1);
  return bech32.encode("bc", [0, ...bech32.toWords(hash)]);
}

/** Gives every agent STX and BTC: 1, 2, 3 … of each, in the order given. */
export function giveCoins({ stx, btc }: AttackUpstreams, agents: readonly TestAgent[]): void {
  agents.forEach(({ stxAddress, btcAddress }, index) => {
    stx.set(stxAddress, String((index + 1) * 1_000_000));
    btc.set(btcAddress, (index + 1) * 1_000);
  });
}

export const SBTC = "SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token::sbtc-token";
