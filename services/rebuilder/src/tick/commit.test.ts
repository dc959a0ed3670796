import { describe, expect, it } from "vitest";
import { createRig, NOW, pairOf, REFUSED, type RigOptions, readPlace, turnOf } from "../../test/commit.ts";

const ROSTER = { upserts: [], removed: ["SP9"], at: NOW };
const withRoster = { head: { roster: ROSTER, prices: [], releases: [] } };

describe("a commit", () => {
  it("is one batch, with roster, prices, answers, freshness and publication, and the place at its end", async () => {
    const { commit, written } = createRig();
    const turn = turnOf(3, withRoster);
    expect(await commit(turn)).toEqual({
      outcome: "committed",
      error: null,
      notes: [],
      rowsRead: 1,
      rowsWritten: 2,
      epoch: 11,
      place: turn.end,
      hasPublished: true,
      isPublicationSlow: false,
      isRosterRefused: false,
    });
    expect(written.length).toBe(1);
    const [{ writes, publication } = never()] = written;
    expect(writes.commit).toMatchObject({
      epoch: 11,
      tick_id: "this tick",
      agents: 3,
      failed: 0,
      outcome: "committed",
    });
    expect(writes).toMatchObject({ roster: ROSTER, freshness: turn.tail.freshness, prune: true });
    expect([writes.upserts.length, writes.answers.length]).toEqual([6, 6]);
    expect(readPlace(writes)).toEqual(turn.end);
    expect(publication).toEqual({ ...turn.publication, epoch: 11, publishedAt: NOW });
  });

  it("is made by a tick that asked nobody too", async () => {
    const { commit, written } = createRig();
    expect(await commit(turnOf(0, { publication: undefined, outcome: "no-roster" }))).toMatchObject({
      outcome: "no-roster",
    });
    expect(written.length).toBe(1);
  });

  it("counts as failed whoever failed, and not whose fall is held back", async () => {
    const { commit, written } = createRig();
    const held = pairOf("SP1", "stacks");
    const failed = pairOf("SP2", "stacks");
    held.answer.error = "fall-held";
    failed.answer.error = "timeout";
    await commit(turnOf(0, { pairs: [held, failed, pairOf("SP2", "bitcoin")] }));
    expect(written[0]?.writes.commit).toMatchObject({ agents: 2, failed: 1 });
  });

  it("names a token once, however many agents hold it", async () => {
    const { commit, written } = createRig();
    const newTokens = [{ tokenId: "SP3.new", symbol: "new" }];
    await commit(turnOf(0, { pairs: ["SP1", "SP2"].map((agent) => ({ ...pairOf(agent, "stacks"), newTokens })) }));
    expect(written[0]?.writes.newTokens).toEqual(newTokens);
  });
});

describe("a commit of which only the publication is refused", () => {
  it("is made without it, and says why", async () => {
    const refused = "D1_ERROR: string or blob too big: SQLITE_TOOBIG";
    const { commit, written } = createRig({ onCommit: (_writes, publication) => (publication ? refused : undefined) });
    const result = await commit(turnOf(3));
    expect(result).toMatchObject({ outcome: "committed", error: null, hasPublished: false, epoch: 11 });
    expect(result.notes).toEqual([`the ranking was not published: ${refused}`]);
    expect(written.map(({ publication }) => publication)).toEqual([undefined]);
  });

  it("is made so for an agent whose own rows are refused too, though there is no other", async () => {
    const { commit, written } = createRig({
      onCommit: ({ upserts }, publication) => (publication || upserts.length > 0 ? REFUSED : undefined),
    });
    const result = await commit(turnOf(0, { pairs: [pairOf("SP1", "stacks")] }));
    expect(result).toMatchObject({ outcome: "committed", hasPublished: false, epoch: 12 });
    expect(written[0]?.writes.answers).toMatchObject([{ error: "refused-by-database" }]);
  });
});

describe("a commit that takes too long with its publication", () => {
  it("is given up after eight seconds, and remembered, so that ticks go on without publishing (P1)", async () => {
    const { commit, calls, clock } = createRig({ onCommit: () => ({ takesMs: 60_000 }) });
    const result = await commit(turnOf(3));
    expect(result).toMatchObject({
      outcome: "commit-failed",
      isPublicationSlow: true,
      epoch: null,
      hasPublished: false,
    });
    expect(result.error).toContain("took longer than 8000 ms");
    expect(calls.map(({ what }) => what)).toEqual(["commit", "fence"]);
    expect(clock.now()).toBe(NOW + 8_000);
  });

  it("is found by its tick's id when it was written after all, and remembered as slow all the same", async () => {
    const { commit, epochs } = createRig({
      onCommit: () => ({ takesMs: 8_001 }),
      onFence: () => {
        epochs.set(11, "this tick");
        return undefined;
      },
    });
    const result = await commit(turnOf(3));
    expect(result).toMatchObject({ outcome: "committed", hasPublished: true, isPublicationSlow: true, epoch: 11 });
  });

  it("is remembered as slow when it is too much for the database, and not when it went without one", async () => {
    const overloaded = { onCommit: () => "D1_ERROR: D1 DB exceeded its CPU time limit and was reset" };
    expect(await createRig(overloaded).commit(turnOf(3))).toMatchObject({ isPublicationSlow: true });
    const without = await createRig(overloaded).commit(turnOf(3, { publication: undefined }));
    expect(without).toMatchObject({ isPublicationSlow: false, outcome: "commit-failed" });
  });
});

describe("a commit whose end is unclear", () => {
  it("is tried again after a short wait when the connection was lost, three times in all", async () => {
    const once = createRig({
      onCommit: (_writes, _publication, commits) => (commits === 0 ? "Network connection lost." : undefined),
    });
    expect(await once.commit(turnOf(3))).toMatchObject({ outcome: "committed", hasPublished: true, epoch: 11 });
    expect(once.calls.map(({ at }) => at - NOW)).toEqual([0, 0, 2_000]);
    const always = createRig({ onCommit: () => "Network connection lost." });
    expect(await always.commit(turnOf(3))).toMatchObject({
      outcome: "commit-failed",
      error: "Network connection lost.",
    });
    expect(always.calls.filter(({ what }) => what === "commit").length).toBe(3);
  });

  it("is a commit when the row bears this tick's id, and never made twice", async () => {
    const { commit, written, calls } = createRig({
      onCommit: () => ({ takesMs: 1, isWritten: true, error: "Network connection lost." }),
    });
    expect(await commit(turnOf(3))).toMatchObject({ outcome: "committed", epoch: 11 });
    expect([written.length, calls.length]).toEqual([1, 2]);
  });

  it("is fenced when another tick has the epoch: nothing of this one is written", async () => {
    const { commit, written } = createRig({ owners: [[11, "another tick"]] });
    const turn = turnOf(3);
    expect(await commit(turn)).toMatchObject({
      outcome: "fenced",
      epoch: null,
      place: turn.begin,
      hasPublished: false,
    });
    expect(written).toEqual([]);
  });

  it("is not tried again when nobody can say whose the epoch is", async () => {
    const { commit, calls } = createRig({ onCommit: () => REFUSED, onFence: () => "Network connection lost." });
    expect(await commit(turnOf(3))).toMatchObject({ outcome: "commit-failed", error: REFUSED });
    expect(calls.length).toBe(2);
  });

  it("is not sent again to a database that is overloaded", async () => {
    const { commit, calls } = createRig({
      onCommit: () => "D1_ERROR: D1 DB is overloaded. Requests queued for too long.",
    });
    expect(await commit(turnOf(3))).toMatchObject({ outcome: "commit-failed" });
    expect(calls.filter(({ what }) => what === "commit").length).toBe(1);
  });

  it("waits for an operator where a table is missing", async () => {
    const { commit } = createRig({ onCommit: () => "D1_ERROR: no such table: freshness: SQLITE_ERROR" });
    expect(await commit(turnOf(3))).toMatchObject({
      outcome: "not-migrated",
      error: expect.stringContaining("apply the migrations"),
    });
  });
});

describe("a roster that the database refuses", () => {
  const refusesRoster: RigOptions = { onCommit: ({ roster }) => (roster ? REFUSED : undefined) };

  it("is refused by itself, and everything else is written, as of the agents that were listed before", async () => {
    const { commit, calls, written } = createRig(refusesRoster);
    const turn = turnOf(50, { ...withRoster, listedAgents: 49 });
    const result = await commit(turn);
    expect(result).toMatchObject({ outcome: "committed", isRosterRefused: true, epoch: 11, hasPublished: true });
    expect(result.notes).toEqual([`the database refused the roster: ${REFUSED}`]);
    expect(result.place).toEqual({ ...turn.end, agents: 49 });
    expect(written.map(({ writes }) => [writes.roster, writes.answers.length])).toEqual([[null, 100]]);
    expect(calls.filter(({ what }) => what === "commit").length).toBe(4);
  });

  it("is none where an agent's rows are refused: it goes first, the others follow, and the poison pair is found", async () => {
    const { commit, written } = createRig({
      onCommit: ({ upserts }) => (upserts.some(({ agent }) => agent === "SP001") ? REFUSED : undefined),
    });
    const result = await commit(turnOf(3, withRoster));
    expect(result).toMatchObject({ outcome: "committed", isRosterRefused: false, hasPublished: true });
    expect(written.map(({ writes }) => writes.roster)).toEqual([ROSTER, ...written.slice(1).map(() => null)]);
    expect(written[0]?.writes.answers).toEqual([]);
    expect(result.notes.length).toBe(2); // both lanes of that agent
  });
});

function never(): never {
  throw new Error("nothing was written");
}
