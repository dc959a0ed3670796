import type { Source, SourceBalances } from "@standings/balances";

/** Fewer agents than this can lose a holding at once by chance, whatever share of a chunk they are. */
export const MIN_AGENTS_TO_DISTRUST = 10;

/** More of a chunk than this does not sell everything between two ticks: the upstream lost its data, or serves another network. */
export const MAX_FALLEN_SHARE = 0.3;

/** A source whose answers are held back, until a probe contradicts them or an operator accepts them. */
export interface Quarantine {
  id: string;
  source: Source;
  tokenId: string; // what fell to zero
  fell: number; // agents whose balance of it fell to zero
  of: number; // agents of the chunk
  since: number; // Unix milliseconds
}

/** Who is stored with some of a ranked token: token id -> Stacks addresses. */
export type Holders = ReadonlyMap<string, ReadonlySet<string>>;

export interface Answer {
  stxAddress: string;
  balances: SourceBalances["balances"];
}

/** What fell to zero for too many agents of a chunk at once, the worst first; undefined when nothing did. */
export function findMassChange(
  answers: readonly Answer[],
  holders: Holders,
): { tokenId: string; fell: number; of: number } | undefined {
  const fallen = [...holders.keys()].map((tokenId) => {
    const fell = answers.filter((answer) => isFallen(answer, tokenId, holders)).length;
    return { tokenId, fell, of: answers.length };
  });
  return fallen
    .filter(({ fell, of }) => fell >= MIN_AGENTS_TO_DISTRUST && fell > of * MAX_FALLEN_SHARE)
    .sort((a, b) => b.fell - a.fell)[0];
}

/** What an answer says of a quarantine: it repeats what is not believed, contradicts it, or tells nothing. */
export function judgeProbe(
  answer: Answer,
  { tokenId }: Quarantine,
  holders: Holders,
): "repeats" | "contradicts" | "nothing" {
  if (!holders.get(tokenId)?.has(answer.stxAddress)) return "nothing";
  return isFallen(answer, tokenId, holders) ? "repeats" : "contradicts";
}

function isFallen({ stxAddress, balances }: Answer, tokenId: string, holders: Holders): boolean {
  const balance = balances.find((held) => held.tokenId === tokenId);
  return balance !== undefined && balance.rawAmount === 0n && (holders.get(tokenId)?.has(stxAddress) ?? false);
}
