import { GARBAGE, type RosterEntry } from "./roster-source.ts";
import type { World } from "./world.ts";

export const ROSTER_EDITS = [
  "add",
  "add-many",
  "remove",
  "leave",
  "return",
  "swap",
  "correct",
  "claim",
  "verify",
  "rename",
  "reverse",
  "halve",
  "double",
  "garbage",
] as const;
export type RosterEdit = (typeof ROSTER_EDITS)[number];

/** Joined at once, so that a tick's agents change under it. */
const MANY = 7;

/** Changes what the roster's key holds. */
export function editRoster(world: World, edit: RosterEdit, at: number): void {
  const { roster, population } = world;
  const index = at % Math.max(1, roster.length);
  const agent = roster[index];
  const other = roster[(index + 1) % Math.max(1, roster.length)];
  const unlisted = () => population.filter((one) => !roster.some((listed) => listed.stxAddress === one.stxAddress));
  const change = (changes: Partial<RosterEntry>) => {
    world.roster = roster.map((one) => (one === agent ? { ...one, ...changes } : one));
  };
  switch (edit) {
    case "add":
      world.roster = [...roster, ...unlisted().slice(0, 1)];
      return;
    case "add-many": {
      const from = at % Math.max(1, unlisted().length - MANY);
      world.roster = [...roster, ...unlisted().slice(from, from + MANY)];
      return;
    }
    case "remove":
      world.roster = roster.filter((one) => one !== agent);
      return;
    case "leave":
      if (agent) world.left.push(agent);
      world.roster = roster.filter((one) => one !== agent);
      return;
    case "return": {
      const back = world.left.filter((one) => !roster.some((listed) => listed.stxAddress === one.stxAddress));
      world.left = [];
      world.roster = [...roster, ...new Map(back.map((one) => [one.stxAddress, one])).values()];
      return;
    }
    case "swap":
      if (!agent || !other) return;
      world.roster = roster.map((one) => {
        if (one === agent) return { ...one, btcAddress: other.btcAddress };
        return one === other ? { ...one, btcAddress: agent.btcAddress } : one;
      });
      return;
    case "correct":
      change({ btcAddress: population[(index + 7) % population.length]?.btcAddress ?? "" });
      break;
    case "claim":
      change({ btcAddress: other?.btcAddress ?? "" });
      break;
    case "verify":
      change({ verifiedAt: new Date(Date.UTC(2025, at % 12, 1)).toISOString() });
      break;
    case "rename":
      change({ displayName: `Agent ${at}` });
      break;
    case "reverse":
      world.roster = [...roster].reverse();
      return;
    case "halve":
      world.roster = roster.slice(0, Math.ceil(roster.length / 2));
      return;
    case "double":
      world.roster = [...roster, ...unlisted().slice(0, roster.length)];
      return;
    case "garbage":
      world.garbage = [...GARBAGE];
      return;
  }
}
