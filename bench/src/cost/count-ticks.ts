import type { BuiltWorker } from "../rig/build.ts";
import { settle, startTickRig } from "../tick/rig.ts";
import type { CountedTick } from "./compare.ts";

/**
 * Real ticks of the built rebuilder after a first rotation, with the rows that D1 billed for each. @param isChanged
 * whether the world moves on before a tick, by its number
 */
export async function countTicks(
  built: BuiltWorker,
  { agents, ticks }: { agents: number; ticks: number },
  isChanged: (tick: number) => boolean,
): Promise<CountedTick[]> {
  const rig = await startTickRig(built, agents);
  try {
    await settle(rig);
    const counted: CountedTick[] = [];
    for (let number = 0; number < ticks; number++) {
      if (isChanged(number)) rig.upstream.advance(1);
      const tick = await rig.tick();
      counted.push({
        ...{ agents, asked: tick.agents, changedBalances: tick.changedBalances, publishes: tick.hasPublished },
        tokensPerAgent: (await rig.countBalances()) / agents,
        rows: { read: tick.rowsRead, written: tick.rowsWritten },
      });
    }
    return counted;
  } finally {
    await rig.close();
  }
}
