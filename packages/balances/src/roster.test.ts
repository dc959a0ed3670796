import { c32address } from "c32check";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_ROSTER_BYTES, parseRoster } from "./roster.ts";

const agent = {
  stxAddress: "SP2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKNRV9EJ7",
  btcAddress: "BC1QAR0SRRR7XFKVY5L643LYDNW9RE59GTZZWF5MDQ",
  btcPublicKey: null,
  displayName: null,
  bnsName: null,
  level: 2,
  levelName: "Genesis",
};

describe("parseRoster", () => {
  it("takes an agent without a Bitcoin key, and writes its address as it is stored", () => {
    expect(parseRoster(JSON.stringify({ agents: [agent] }))).toMatchObject({
      ok: true,
      agents: [{ stxAddress: agent.stxAddress, btcAddress: agent.btcAddress.toLowerCase(), displayName: null }],
      rejected: [],
    });
  });

  it("keeps two agents who claim one Bitcoin address, and counts it", () => {
    const other = { ...agent, stxAddress: "SP3JR7JXFT7ZM9JKSQPBQG1HPT0D365MA5TN0P12E" };
    expect(parseRoster(JSON.stringify({ agents: [agent, other] }))).toMatchObject({
      sharedBtcAddresses: 1,
      rejected: [],
    });
  });

  it.each([
    ["2026-11-22T12:00:00.000Z", Date.parse("2026-11-22T12:00:00Z")],
    ["2026-11-22T14:00:00+02:00", Date.parse("2026-11-22T12:00:00Z")],
    ["yesterday", null],
    [`2026-11-22T12:00:00.${"0".repeat(40)}Z`, null],
    [1_763_812_800_000, null],
    [null, null],
    [undefined, null],
  ])("reads %j as when an agent was verified: %j", (verifiedAt, at) => {
    expect(parseRoster(JSON.stringify({ agents: [{ ...agent, verifiedAt }] }))).toMatchObject({
      agents: [{ verifiedAt: at }],
    });
  });

  it.each([
    [0, 0],
    [7, 7],
    [-1, null],
    [1.5, null],
    [2 ** 53, null],
    ["7", null],
    [true, null],
    [[7], null],
    [null, null],
    [undefined, null],
  ])("reads %j as an agent's identity: %j", (erc8004AgentId, id) => {
    expect(parseRoster(JSON.stringify({ agents: [{ ...agent, erc8004AgentId }] }))).toMatchObject({
      agents: [{ erc8004AgentId: id }],
    });
  });

  it("rejects no entry for when it was verified or for its identity, whatever stands there", () => {
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.date().map(String),
      fc.constantFrom("", "0", "-271821-04-20T00:00:00Z"),
    );
    fc.assert(
      fc.property(anything, anything, (verifiedAt, erc8004AgentId) => {
        const parsed = parseRoster(JSON.stringify({ agents: [{ ...agent, verifiedAt, erc8004AgentId }] }));
        const [read] = parsed.ok ? parsed.agents : [];
        if (!read) throw new Error("rejected");
        expect(read.verifiedAt === null || Number.isFinite(read.verifiedAt)).toBe(true);
        expect(read.erc8004AgentId === null || Number.isSafeInteger(read.erc8004AgentId)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("accepts a byte order mark", () => {
    expect(parseRoster(`\uFEFF${JSON.stringify({ agents: [agent] })}`).ok).toBe(true);
  });

  it.each(["", "null", "[]", "{}", '{"agents":{}}', '{"agents":', "cache:agent-list:building"])(
    "refuses %j whole",
    (text) => {
      expect(parseRoster(text).ok).toBe(false);
    },
  );

  it("accounts for every entry, whatever it is", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.jsonValue(), fc.constant(agent), fc.constant({ ...agent, stxAddress: 5 }))),
        (entries) => {
          const parsed = parseRoster(JSON.stringify({ agents: entries }));
          return (
            parsed.ok && parsed.agents.length + parsed.rejected.length === entries.length && parsed.agents.length <= 1
          );
        },
      ),
    );
  });

  it("takes fifty thousand agents, and refuses a text that KV could not hold", () => {
    const agents = Array.from({ length: 50_000 }, (_, index) => {
      return { ...agent, stxAddress: c32address(22, (index + 1).toString(16).padStart(40, "0")) };
    });
    expect(parseRoster(JSON.stringify({ agents }))).toMatchObject({
      ok: true,
      rejected: [],
      agents: { length: 50_000 },
    });
    expect(parseRoster(" ".repeat(MAX_ROSTER_BYTES + 1)).ok).toBe(false);
  }, 60_000);

  it("survives names of prototypes", () => {
    const text =
      '{"agents":[{"__proto__":{"stxAddress":"x"},"stxAddress":"__proto__","btcAddress":"constructor","level":1,"levelName":"x"}]}';
    expect(parseRoster(text)).toMatchObject({ ok: true, agents: [], rejected: [{ reason: "stx-address-invalid" }] });
  });
});
