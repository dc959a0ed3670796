import {
  type FallHold,
  type FallInput,
  type FallVerdict,
  type HolderAnswer,
  judgeFalls,
  type Testimony,
  toPairKey,
} from "../src/safeguards/falls.ts";

export const NOW = 1_800_000_000_000;

export function names(n: number, from = 0): string[] {
  return Array.from({ length: n }, (_, index) => `agent ${from + index}`);
}

/** A complete answer about an agent that is stored with these tokens and now has none of those that fell. */
export function answer(agent: string, held: readonly string[], fell: readonly string[] = []): HolderAnswer {
  return { agent, asked: agent, held: [...held], fell: [...fell] };
}

/** Answers of `n` holders of a token, the first `fallen` of which lost it; all of them keep their STX. */
export function holders(n: number, fallen: number, tokenId = "sbtc"): HolderAnswer[] {
  return names(n).map((agent, index) => answer(agent, ["stx", tokenId], index < fallen ? [tokenId] : []));
}

export function zeros(agents: readonly string[], tokenId = "sbtc"): Testimony {
  return new Map(agents.map((agent) => [toPairKey({ agent, tokenId }), 0n]));
}

export function amounts(agents: readonly string[], tokenId = "sbtc"): Testimony {
  return new Map(agents.map((agent) => [toPairKey({ agent, tokenId }), 5n]));
}

export function judged(changes: Partial<FallInput> = {}): FallVerdict {
  return judgeFalls({
    lane: "stacks",
    answers: [],
    kept: [],
    holds: [],
    testimony: new Map(),
    acceptedIds: [],
    rotation: 1,
    nowMs: NOW,
    newId: () => "12345678-9",
    ...changes,
  });
}

/** The hold that stands after 30 of 100 holders, 31 say, fell together and nobody else was heard. */
export function heldFall(fallen = 31, of = 100, tokenId = "sbtc"): FallHold {
  const [hold] = judged({ answers: holders(of, fallen, tokenId) }).holds;
  if (!hold) throw new Error("nothing is held");
  return hold;
}
