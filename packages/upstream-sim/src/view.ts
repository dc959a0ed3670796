import type { Context, Env } from "hono";
import type { BitcoinHoldings } from "./bitcoin-holdings.ts";
import type { StacksHoldings } from "./stacks-holdings.ts";
import type { World } from "./world.ts";

/** How one answer sees what an address holds, where that differs from what it does hold. */
export interface View {
  stacks(principal: string, holdings: StacksHoldings): StacksHoldings;
  bitcoin(address: string, holdings: BitcoinHoldings): BitcoinHoldings;
}

/** What a host is given with a request beside the request. */
export interface HostEnv extends Env {
  Bindings: { view?: View };
}

export function readStacks(world: World, c: Context<HostEnv>, principal: string): StacksHoldings {
  const holdings = world.holdings.getStacks(principal);
  return c.env?.view?.stacks(principal, holdings) ?? holdings;
}

/** By canonical address. */
export function readBitcoin(world: World, c: Context<HostEnv>, address: string): BitcoinHoldings {
  const holdings = world.holdings.getBitcoin(address);
  return c.env?.view?.bitcoin(address, holdings) ?? holdings;
}
