import { z } from "zod";
import { isStacksAddress, parseBitcoinAddress } from "./address.ts";
import { toDisplayName } from "./display-name.ts";

// The shape of the KV value `cache:agent-list`, as far as it is used. Public keys may be null and are not read.

export interface RosterAgent {
  stxAddress: string;
  btcAddress: string; // bech32 in lower case
  displayName: string | null;
  bnsName: string | null;
  level: number;
  levelName: string;
  verifiedAt: number | null; // Unix milliseconds; null = unknown
  erc8004AgentId: number | null; // on-chain identity; null = none
}

export type RejectionReason =
  | "no-object"
  | "missing-field"
  | "stx-address-lowercase"
  | "stx-address-testnet"
  | "stx-address-invalid"
  | "btc-address-testnet"
  | "btc-address-invalid"
  | "duplicate-stx-address";

export interface Rejection {
  entry: string; // which entry, for a person to find it
  reason: RejectionReason;
}

export type RosterParse =
  | { ok: true; agents: RosterAgent[]; rejected: Rejection[]; sharedBtcAddresses: number }
  | { ok: false; problem: string };

/** KV values end at 25 MiB; a roster of 50,000 agents at 500 bytes each just fits. */
export const MAX_ROSTER_BYTES = 25 * 1024 * 1024;

const envelope = z.object({ agents: z.array(z.unknown()) });
const entry = z.object({
  stxAddress: z.string(),
  btcAddress: z.string(),
  displayName: z.string().nullish(),
  bnsName: z.string().nullish(),
  level: z.number().int().min(0).max(1_000),
  levelName: z.string().max(200),
  verifiedAt: z.unknown().optional(),
  erc8004AgentId: z.unknown().optional(),
});

/** Takes what is valid and says why the rest is not: one bad entry never costs the others their place. */
export function parseRoster(text: string): RosterParse {
  if (text.length > MAX_ROSTER_BYTES) return { ok: false, problem: "the roster is larger than 25 MiB" };
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    return { ok: false, problem: "the roster is not JSON" };
  }
  const list = envelope.safeParse(json);
  if (!list.success) return { ok: false, problem: "the roster has no list of agents" };
  const agents = new Map<string, RosterAgent>();
  const btcAddresses = new Map<string, number>();
  const rejected: Rejection[] = [];
  list.data.agents.forEach((item, index) => {
    const agent = parseEntry(item);
    if (typeof agent === "string") {
      rejected.push({ entry: `${index}: ${nameOf(item)}`, reason: agent });
    } else if (agents.has(agent.stxAddress)) {
      rejected.push({ entry: `${index}: ${nameOf(item)}`, reason: "duplicate-stx-address" });
    } else {
      agents.set(agent.stxAddress, agent);
      btcAddresses.set(agent.btcAddress, (btcAddresses.get(agent.btcAddress) ?? 0) + 1);
    }
  });
  const sharedBtcAddresses = [...btcAddresses.values()].filter((claims) => claims > 1).length;
  return { ok: true, agents: [...agents.values()], rejected, sharedBtcAddresses };
}

function parseEntry(item: unknown): RosterAgent | RejectionReason {
  if (typeof item !== "object" || item === null || Array.isArray(item)) return "no-object";
  const parsed = entry.safeParse(item);
  if (!parsed.success) return "missing-field";
  const { stxAddress, btcAddress, displayName, bnsName, level, levelName, verifiedAt, erc8004AgentId } = parsed.data;
  if (!isStacksAddress(stxAddress)) return whyNotStacks(stxAddress);
  const canonicalBtc = parseBitcoinAddress(btcAddress);
  if (canonicalBtc === undefined) {
    return /^(?:[mn2]|tb1|bcrt1)/i.test(btcAddress) ? "btc-address-testnet" : "btc-address-invalid";
  }
  return {
    stxAddress,
    btcAddress: canonicalBtc,
    displayName: toDisplayName(displayName),
    bnsName: toDisplayName(bnsName),
    level,
    levelName: toDisplayName(levelName) ?? "",
    verifiedAt: toTime(verifiedAt),
    erc8004AgentId: Number.isSafeInteger(erc8004AgentId) && Number(erc8004AgentId) >= 0 ? Number(erc8004AgentId) : null,
  };
}

/** What cannot be read is unknown: it never costs an agent its place. */
function toTime(value: unknown): number | null {
  if (typeof value !== "string" || value.length > MAX_TIME_LENGTH) return null;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : at;
}

/** An ISO 8601 time with fractions and offset fits; what is longer is none. */
const MAX_TIME_LENGTH = 40;

function whyNotStacks(text: string): RejectionReason {
  if (/^S[TN]/.test(text)) return "stx-address-testnet";
  if (isStacksAddress(text.slice(0, 50).toUpperCase())) return "stx-address-lowercase";
  return "stx-address-invalid";
}

function nameOf(item: unknown): string {
  const address = (item as { stxAddress?: unknown } | null)?.stxAddress;
  return typeof address === "string" ? (toDisplayName(address.slice(0, 80)) ?? "") : "without an stxAddress";
}
