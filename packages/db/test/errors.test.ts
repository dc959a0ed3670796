import { env } from "cloudflare:workers";
import { sql } from "kysely";
import { beforeEach, describe, expect, it } from "vitest";
import { classifyD1Error, createDb, MAX_ERROR_LENGTH } from "../src/index.ts";
import { ALICE, agent, applyRoster, db, tick, toCommit, wipe } from "./rig.ts";

beforeEach(wipe);

/** What D1 makes of a call that fails. */
async function failureOf(run: () => Promise<unknown>): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing failed");
}

const sqlFails = (text: string, ...values: unknown[]) =>
  failureOf(() =>
    env.DB.prepare(text)
      .bind(...values)
      .run(),
  );

describe("what D1 says", () => {
  it("of a row it does not take is about the data", async () => {
    await applyRoster([agent(ALICE)]);
    const balance = { agent: ALICE, tokenId: "stx", at: 1, provider: "hiro", asked: ALICE };
    const failures = [
      await failureOf(() => tick({ upserts: [{ ...balance, raw: "-1" }] })),
      await failureOf(() => tick({ upserts: [{ ...balance, raw: "9".repeat(41) }] })),
      await failureOf(() => tick({ commit: toCommit(1, { place: "no json" }) })),
      await sqlFails("INSERT INTO balances VALUES (1, 2, 3, NULL, 5, 6, 7)"),
      await sqlFails("SELECT ?", 5n),
    ];
    expect(failures.map((error) => classifyD1Error(error).kind)).toEqual(failures.map(() => "refused-data"));
  });

  it("of a taken epoch is about the data too: the fence is read before it is judged", async () => {
    await tick({ epoch: 1 });
    expect(classifyD1Error(await failureOf(() => tick({ epoch: 1 }))).kind).toBe("refused-data");
  });

  it("of statements that never pass is a refusal", async () => {
    const failures = [
      await sqlFails("SELEKT 1"),
      await sqlFails("SELECT sum(value) FROM json_each('[9223372036854775807, 1]')"),
      await sqlFails("SELECT value ->> 'x' FROM json_each('{')"),
    ];
    expect(failures.map((error) => classifyD1Error(error).kind)).toEqual(failures.map(() => "refused"));
  });

  it("of a missing table or column asks for migrations", async () => {
    const failures = [
      await sqlFails("SELECT * FROM missing"),
      await sqlFails("SELECT missing FROM agents"),
      await sqlFails("INSERT INTO agents (missing) VALUES (1)"),
      await sqlFails("UPDATE agents SET missing = 1"),
    ];
    expect(failures.map((error) => classifyD1Error(error).kind)).toEqual(failures.map(() => "not-migrated"));
  });

  it("is read through Kysely and through a batch alike", async () => {
    const missing = sql`SELECT missing FROM agents`;
    const failures = [
      await failureOf(() => missing.execute(db)),
      await failureOf(() => db.batch([missing.compile(db)])),
    ];
    expect(failures.map((error) => classifyD1Error(error).kind)).toEqual(["not-migrated", "not-migrated"]);
  });
});

// Texts that the local D1 never gives: Cloudflare's list of D1 errors, and reports of them.
it.each([
  ["overloaded", "D1_ERROR: D1 DB is overloaded. Requests queued for too long."],
  ["overloaded", "D1_ERROR: D1 DB is overloaded. Too many requests queued."],
  ["overloaded", "D1_ERROR: D1 DB's isolate exceeded its memory limit and was reset."],
  ["overloaded", "D1_ERROR: D1 DB exceeded its CPU time limit and was reset."],
  ["overloaded", "D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset."],
  ["transient", "D1_ERROR: Network connection lost."],
  ["transient", "D1_ERROR: Internal error while starting up D1 DB storage caused object to be reset."],
  ["transient", "D1_ERROR: D1 DB reset because its code was updated."],
  ["transient", "D1_ERROR: Cannot resolve D1 DB due to transient issue on remote node."],
  ["transient", "D1_ERROR: Failed to parse body as JSON, got: client disconnected"],
  ["transient", "anything that nobody has seen yet"],
  ["refused", "D1_ERROR: Exceeded maximum DB size."],
  ["refused", "D1_ERROR: database or disk is full: SQLITE_FULL"],
  ["refused-data", "D1_ERROR: string or blob too big: SQLITE_TOOBIG"],
  ["refused-data", "D1_ERROR: datatype mismatch: SQLITE_MISMATCH"],
] as const)("tells %s from: %s", (kind, text) => {
  expect(classifyD1Error(new Error(text))).toEqual({ kind, message: text });
  expect(classifyD1Error(new Error("D1_ERROR", { cause: new Error(text) })).kind).toBe(kind);
});

it("takes whatever was thrown, and bounds what it says of it", () => {
  expect(classifyD1Error("Network connection lost")).toEqual({ kind: "transient", message: "Network connection lost" });
  expect(classifyD1Error(undefined)).toEqual({ kind: "transient", message: "undefined" });
  const long = classifyD1Error(new Error(`${"x".repeat(1_000)}: SQLITE_CONSTRAINT`));
  expect([long.kind, long.message.length]).toEqual(["refused-data", MAX_ERROR_LENGTH]);
});

describe("a batch", () => {
  it("gives the rows of each statement, and what all of them read, wrote and took", async () => {
    await applyRoster([agent(ALICE)]);
    const { rows, ...use } = await createDb(env.DB).batch([
      db.updateTable("agents").set({ level: 2 }).where("stx_address", "=", ALICE).compile(),
      db.selectFrom("agents").select(["stx_address", "level"]).compile(),
      db.selectFrom("tokens").select("token_id").orderBy("token_id").compile(),
    ]);
    const [, agents, tokens] = rows;
    expect(agents.map((row) => `${row.stx_address} ${row.level}`)).toEqual([`${ALICE} 2`]);
    expect(tokens.map((row) => row.token_id)).toEqual(["btc-l1", "sbtc", "stx"]);
    expect(use).toEqual({ rowsRead: expect.any(Number), rowsWritten: 1, durationMs: expect.any(Number) });
    expect(use.rowsRead).toBeGreaterThanOrEqual(5);
  });

  it("applies all or nothing, and nothing at all when it is empty", async () => {
    const taken = db.insertInto("tick_commits").values(toCommit(1)).compile();
    await expect(db.batch([taken, taken])).rejects.toThrow(/UNIQUE/);
    expect(await db.selectFrom("tick_commits").selectAll().execute()).toEqual([]);
    expect(await db.batch([])).toEqual({ rows: [], rowsRead: 0, rowsWritten: 0, durationMs: 0 });
  });
});
