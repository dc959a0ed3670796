import { hexToBytes } from "@noble/hashes/utils";
import { c32address } from "c32check";
import { type BitcoinAddressKind, formatBitcoinAddress, PROGRAM_BYTES } from "./bitcoin-address.ts";
import { createRandom, pickHex, pickIndex, type Random } from "./random.ts";
import { pickName } from "./roster-names.ts";

/** One entry of the key `cache:agent-list`. */
export interface RosterAgent {
  stxAddress: string;
  btcAddress: string;
  stxPublicKey: string;
  /** Null for agents that signed up with a message signature only. */
  btcPublicKey: string | null;
  taprootAddress: string | null;
  displayName: string | null;
  description: string | null;
  bnsName: string | null;
  owner: string | null;
  verifiedAt: string;
  lastActiveAt: string | null;
  erc8004AgentId: number | null;
  nostrPublicKey: string | null;
  lastIdentityCheck: string | null;
  referredBy: string | null;
  githubUsername: string | null;
  level: 0 | 1 | 2;
  levelName: "Unverified" | "Verified Agent" | "Genesis";
  messageCount: number;
  unreadCount: number;
}

interface Roster {
  agents: RosterAgent[];
  stats: { total: number; genesisCount: number; messageCount: number };
  cachedAt: string;
}

interface RosterOptions {
  agents: number;
  seed?: string;
  cachedAt?: Date;
}

const LEVEL_NAMES = ["Unverified", "Verified Agent", "Genesis"] as const;
const MAINNET_SINGLE = 22;
const MAINNET_MULTI = 20;
const FIRST_VERIFIED_AT = Date.UTC(2026, 0, 12, 9, 30);
const HOUR_MS = 3_600_000;

/** The same seed gives the same agents, and a longer roster starts with those of a shorter one. */
export function createRoster({ agents: count, seed = "roster", cachedAt = new Date() }: RosterOptions): Roster {
  const agents: RosterAgent[] = [];
  for (let index = 0; index < count; index++) agents.push(createAgent(seed, index, agents));
  const messageCount = agents.reduce((sum, agent) => sum + agent.messageCount, 0);
  const genesisCount = agents.filter((agent) => agent.level === 2).length;
  return {
    agents: agents.reverse(), // newest first, as the registry lists them
    stats: { total: count, genesisCount, messageCount },
    cachedAt: cachedAt.toISOString(),
  };
}

function createAgent(seed: string, index: number, earlier: readonly RosterAgent[]): RosterAgent {
  const random = createRandom(seed, index);
  const name = pickName(random, index);
  const level = random() < 0.06 ? 2 : random() < 0.85 ? 1 : 0;
  const verifiedAt = FIRST_VERIFIED_AT + index * 14 * HOUR_MS;
  const activeAt = verifiedAt + pickIndex(random, 90 * 24) * HOUR_MS;
  const messageCount = random() < 0.4 ? pickIndex(random, 500) : 0;
  const seldom = <T>(share: number, value: () => T): T | null => (random() < share ? value() : null);
  return {
    stxAddress: c32address(random() < 0.05 ? MAINNET_MULTI : MAINNET_SINGLE, pickHex(random, 20)),
    btcAddress: createBitcoinAddress(random, pickBitcoinKind(random)),
    stxPublicKey: createPublicKey(random),
    btcPublicKey: seldom(0.8, () => createPublicKey(random)),
    taprootAddress: seldom(0.3, () => createBitcoinAddress(random, "p2tr")),
    displayName: name.displayName,
    description: seldom(0.4, () => (random() < 0.2 ? "" : `Agent ${index + 1}, out for a better rank.`)),
    bnsName: name.bnsName,
    owner: seldom(0.5, () => `owner_${index + 1}`),
    verifiedAt: new Date(verifiedAt).toISOString(),
    lastActiveAt: seldom(0.8, () => new Date(activeAt).toISOString()),
    erc8004AgentId: seldom(0.3, () => index + 1),
    nostrPublicKey: seldom(0.1, () => pickHex(random, 32)),
    lastIdentityCheck: seldom(0.3, () => new Date(activeAt).toISOString()),
    referredBy: seldom(0.2, () => earlier[pickIndex(random, earlier.length)]?.btcAddress ?? null),
    githubUsername: seldom(0.2, () => `agent-${index + 1}`),
    level,
    levelName: LEVEL_NAMES[level],
    messageCount,
    unreadCount: messageCount > 0 ? pickIndex(random, 5) : 0,
  };
}

function pickBitcoinKind(random: Random): BitcoinAddressKind {
  const luck = random();
  if (luck < 0.75) return "p2wpkh";
  if (luck < 0.87) return "p2tr";
  return luck < 0.94 ? "p2pkh" : "p2sh";
}

function createBitcoinAddress(random: Random, kind: BitcoinAddressKind): string {
  return formatBitcoinAddress(kind, hexToBytes(pickHex(random, PROGRAM_BYTES[kind])));
}

function createPublicKey(random: Random): string {
  return (random() < 0.5 ? "02" : "03") + pickHex(random, 32);
}
