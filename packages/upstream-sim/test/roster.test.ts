import { createRoster } from "@standings/upstream-sim";
import { c32address, c32addressDecode } from "c32check";
import { describe, expect, it } from "vitest";
import { parseBitcoinAddress } from "../src/bitcoin-address.ts";

const roster = createRoster({ agents: 430, cachedAt: new Date("2026-11-22T12:00:00Z") });

describe("the roster", () => {
  it("has valid, canonical and distinct mainnet Stacks addresses, some of them multisig", () => {
    const addresses = roster.agents.map((agent) => agent.stxAddress);
    for (const address of addresses) expect(c32address(...c32addressDecode(address))).toBe(address);
    expect(new Set(addresses).size).toBe(430);
    expect(new Set(addresses.map((address) => address.slice(0, 2)))).toEqual(new Set(["SP", "SM"]));
  });

  it("has valid and distinct mainnet Bitcoin addresses of four kinds", () => {
    const addresses = roster.agents.map((agent) => agent.btcAddress);
    for (const address of addresses) expect(parseBitcoinAddress(address)?.network).toBe("mainnet");
    expect(new Set(addresses).size).toBe(430);
    for (const start of ["bc1q", "bc1p", "1", "3"]) {
      expect(addresses.filter((address) => address.startsWith(start)).length).toBeGreaterThan(5);
    }
    for (const { taprootAddress } of roster.agents) if (taprootAddress) expect(taprootAddress).toMatch(/^bc1p.{58}$/);
  });

  it("carries every field of an entry, with the level's own name", () => {
    for (const agent of roster.agents) {
      expect(Object.keys(agent).sort()).toEqual(FIELDS);
      expect(agent.levelName).toBe(["Unverified", "Verified Agent", "Genesis"][agent.level]);
      expect(agent.stxPublicKey).toMatch(/^0[23][0-9a-f]{64}$/);
      expect(new Date(agent.verifiedAt).toISOString()).toBe(agent.verifiedAt);
    }
    expect(new Set(roster.agents.map((agent) => agent.level))).toEqual(new Set([0, 1, 2]));
    expect(roster.agents.some((agent) => agent.btcPublicKey === null)).toBe(true);
    expect(roster.agents.some((agent) => agent.bnsName?.endsWith(".btc"))).toBe(true);
  });

  it("tells the agents apart by the time of their verification and by their registered id", () => {
    expect(new Set(roster.agents.map((agent) => agent.verifiedAt)).size).toBe(430);
    const ids = roster.agents.flatMap(({ erc8004AgentId }) => (erc8004AgentId === null ? [] : [erc8004AgentId]));
    expect(ids.length).toBeGreaterThan(50);
    expect(ids.length).toBeLessThan(430);
    expect(ids.every((id) => Number.isSafeInteger(id) && id > 0)).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("counts itself and lists the newest first", () => {
    expect(roster.stats.total).toBe(430);
    expect(roster.stats.genesisCount).toBe(roster.agents.filter((agent) => agent.level === 2).length);
    const times = roster.agents.map((agent) => agent.verifiedAt);
    expect(times).toEqual([...times].sort().reverse());
    expect(roster.cachedAt).toBe("2026-11-22T12:00:00.000Z");
  });

  it("has names of many kinds", () => {
    const names = roster.agents.map((agent) => agent.displayName);
    expect(names).toContain(null);
    expect(names).toContain("<script>alert(1)</script>");
    for (const kind of [/^=/, /^\+/, /\p{Script=Arabic}/u, /\p{Script=Hebrew}/u, /\p{Script=Han}/u, /\p{Mn}/u]) {
      expect(names.some((name) => name !== null && kind.test(name))).toBe(true);
    }
    expect(names.some((name) => name !== null && /\p{Extended_Pictographic}/u.test(name))).toBe(true);
    expect(names.some((name) => name !== null && name.length > 150)).toBe(true);
    expect(names.filter((name) => name !== null && /^[A-Z][a-z]+ [A-Z][a-z]+$/.test(name)).length).toBeGreaterThan(300);
  });

  it("is the same every time, and grows without changing who was there", () => {
    const byAge = (agents: number) => createRoster({ agents }).agents.toReversed();
    expect(byAge(430)).toEqual(byAge(430));
    expect(byAge(430).slice(0, 50)).toEqual(byAge(50));
    expect(createRoster({ agents: 5, seed: "other" }).agents).not.toEqual(createRoster({ agents: 5 }).agents);
  });
});

const FIELDS = [
  "bnsName",
  "btcAddress",
  "btcPublicKey",
  "description",
  "displayName",
  "erc8004AgentId",
  "githubUsername",
  "lastActiveAt",
  "lastIdentityCheck",
  "level",
  "levelName",
  "messageCount",
  "nostrPublicKey",
  "owner",
  "referredBy",
  "stxAddress",
  "stxPublicKey",
  "taprootAddress",
  "unreadCount",
  "verifiedAt",
];
