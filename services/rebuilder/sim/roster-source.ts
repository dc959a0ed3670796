/** An entry of the roster, as far as histories change it. */
export interface RosterEntry {
  stxAddress: string;
  btcAddress: string;
  displayName?: string;
  verifiedAt?: string;
}

export const ROSTER_MODES = ["present", "absent", "corrupt", "empty", "hangs", "throws"] as const;
export type RosterMode = (typeof ROSTER_MODES)[number];

/** What the key holds. Throws, or never answers, as KV may. */
export function toRosterText(
  mode: RosterMode,
  roster: readonly RosterEntry[],
  garbage: readonly unknown[],
  never: Promise<never>,
): string | null | Promise<never> {
  switch (mode) {
    case "absent":
      return null;
    case "corrupt":
      return '{"agents": [';
    case "empty":
      return '{"agents": []}';
    case "hangs":
      return never;
    case "throws":
      throw new Error("KV GET failed: 500");
    case "present": {
      const agents = roster.map((agent) => ({ ...agent, level: 1, levelName: "Verified Agent" }));
      return JSON.stringify({ agents: [...garbage, ...agents] });
    }
  }
}

/** Entries that no reader takes, each for its own reason. */
export const GARBAGE: readonly unknown[] = [
  null,
  "SP000",
  { stxAddress: "not an address", btcAddress: "x", level: 1, levelName: "x" },
  { stxAddress: "__proto__", btcAddress: "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", level: 1, levelName: "x" },
  { stxAddress: "ST000000000000000000002AMW42H", btcAddress: "tb1q", level: 1, levelName: "x" },
];
