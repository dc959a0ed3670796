import type { RosterAgent } from "@standings/balances";
import type { ListedAgent } from "@standings/db";
import fc from "fast-check";
import { expect, it } from "vitest";
import { toRosterChange } from "./roster-change.ts";

const NOW = 1_800_000_000_000;

it("is nothing when nothing changed, in whatever order the agents come", () => {
  const roster = [agent("SP1"), agent("SP2")];
  expect(toRosterChange(apply([], roster), roster.toReversed(), NOW)).toBeNull();
});

it("is agents that are new or different in anything, and addresses that left", () => {
  const before = apply([], [agent("SP1"), agent("SP2"), agent("SP3")]);
  const next = [agent("SP1"), agent("SP2", { displayName: "Another" }), agent("SP4")];
  const change = toRosterChange(before, next, NOW);
  expect(change?.upserts.map((row) => row.stx_address)).toEqual(["SP2", "SP4"]);
  expect(change).toMatchObject({ removed: ["SP3"], at: NOW });
});

it.each<Partial<RosterAgent>>([
  { btcAddress: "bc1other" },
  { displayName: null },
  { bnsName: "other.btc" },
  { level: 2 },
  { levelName: "Genesis" },
  { verifiedAt: 5 },
  { erc8004AgentId: 5 },
])("sees that an agent changed to %j", (changes) => {
  expect(toRosterChange(apply([], [agent("SP1")]), [agent("SP1", changes)], NOW)?.upserts.length).toBe(1);
});

it("turns any roster into any other, and touches nobody who stays as they are", () => {
  const some = fc.uniqueArray(fc.record({ id: fc.nat(12), level: fc.nat(2) }), {
    selector: ({ id }) => id,
    maxLength: 12,
  });
  const toRoster = (entries: { id: number; level: number }[]) =>
    entries.map(({ id, level }) => agent(`SP${id}`, { level }));
  fc.assert(
    fc.property(some.map(toRoster), some.map(toRoster), (first, second) => {
      const before = apply([], first);
      const after = apply(before, second);
      expect(after).toEqual(apply([], second));
      const change = toRosterChange(before, second, NOW);
      const same = before.filter((row) => after.some((one) => JSON.stringify(one) === JSON.stringify(row)));
      const touched = [...(change?.removed ?? []), ...(change?.upserts ?? []).map((row) => row.stx_address)];
      expect(same.filter((row) => touched.includes(row.stx_address))).toEqual([]);
    }),
  );
});

/** The listed agents after the change. */
function apply(before: readonly ListedAgent[], roster: readonly RosterAgent[]): ListedAgent[] {
  const change = toRosterChange(before, roster, NOW);
  const kept = before.filter((row) => !change?.removed.includes(row.stx_address));
  const rows = new Map([...kept, ...(change?.upserts ?? [])].map((row) => [row.stx_address, row]));
  return [...rows.values()].sort((a, b) => (a.stx_address < b.stx_address ? -1 : 1));
}

function agent(stxAddress: string, changes: Partial<RosterAgent> = {}): RosterAgent {
  return {
    stxAddress,
    btcAddress: "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    displayName: "Secret Mars",
    bnsName: null,
    level: 1,
    levelName: "Verified Agent",
    verifiedAt: null,
    erc8004AgentId: null,
    ...changes,
  };
}
