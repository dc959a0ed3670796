import { createRoster, SBTC_ASSET_ID } from "@standings/upstream-sim";
import { startUpstream, type Upstream } from "@standings/upstream-sim/server";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

const principals = createRoster({ agents: 200 }).agents.map((agent) => agent.stxAddress);
const ANYONE = "SP4DXVEC16FS6QR7RBKGWZYJKTXPC81W49W0ATJE";
const BAD_CHECKSUM = "SP2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKNRV9EJ8";
const WARNING = '299 - "Deprecated: See https://docs.hiro.so/stacks/api for more information"';

let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream({ clock: () => Date.UTC(2026, 10, 22) });
});
afterEach(() => upstream.unpinHoldings());
afterAll(() => upstream.close());

describe("v1 balances", () => {
  it("answers with every field of the shape, amounts as strings of digits", async () => {
    for (const principal of principals.slice(0, 50)) {
      const { stx, fungible_tokens, non_fungible_tokens } = await getV1(principal);
      expect(Object.keys(stx).sort()).toEqual(STX_FIELDS);
      for (const name of AMOUNT_FIELDS) expect(stx[name]).toMatch(/^\d+$/);
      expect(stx.lock_height).toBeTypeOf("number");
      for (const [assetId, token] of Object.entries(fungible_tokens)) {
        expect(assetId).toMatch(/^S[PM][0-9A-Z]+\.[a-zA-Z][\w-]*::[\w\-!?+<>=/*]+$/);
        expect(Object.keys(token)).toEqual(["balance", "total_sent", "total_received"]);
        expect(BigInt(token.total_received) - BigInt(token.total_sent)).toBe(BigInt(token.balance));
      }
      expect(non_fungible_tokens).toBeTypeOf("object");
    }
  });

  it("keeps STX in step with its totals and never locks more than there is", async () => {
    let stackers = 0;
    for (const principal of principals) {
      const { stx } = await getV1(principal);
      const [balance, received, sent, fees, locked] = [
        "balance",
        "total_received",
        "total_sent",
        "total_fees_sent",
        "locked",
      ].map((name) => BigInt(stx[name] as string)) as [bigint, bigint, bigint, bigint, bigint];
      expect(received - sent - fees).toBe(balance);
      expect(locked <= balance).toBe(true);
      if (locked > 0n) stackers += 1;
    }
    expect(stackers).toBeGreaterThan(0);
  });

  it("covers the cases that matter: nothing, sold tokens, spam, amounts past 2^64", async () => {
    const answers = await Promise.all(principals.map(getV1));
    const rows = answers.flatMap((answer) => Object.values(answer.fungible_tokens));
    expect(answers.some((answer) => Object.keys(answer.fungible_tokens).length === 0)).toBe(true);
    expect(answers.some((answer) => Object.keys(answer.fungible_tokens).length > 200)).toBe(true);
    expect(rows.some((row) => row.balance === "0")).toBe(true);
    expect(rows.some((row) => BigInt(row.balance) > 2n ** 64n)).toBe(true);
    expect(answers.filter((answer) => SBTC_ASSET_ID in answer.fungible_tokens).length).toBeGreaterThan(50);
  });

  it("says that it is deprecated and what is left of the quota", async () => {
    const { headers } = await get(`/extended/v1/address/${ANYONE}/balances`);
    expect(headers.get("warning")).toBe(WARNING);
    expect(headers.get("content-type")).toBe("application/json; charset=utf-8");
    for (const name of ["ratelimit-limit", "ratelimit-remaining", "x-ratelimit-remaining-stacks-month"]) {
      expect(headers.get(name)).toMatch(/^\d+$/);
    }
  });

  it("rejects what fails the pattern", async () => {
    const response = await get("/extended/v1/address/bc1qqaxq5vxszt0lzmr9gskv4lcx7jzrg772s4vxpp/balances");
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      statusCode: 400,
      code: "FST_ERR_VALIDATION",
      error: "Bad Request",
      message:
        'params/principal must match pattern "^[0123456789ABCDEFGHJKMNPQRSTVWXYZ]{28,41}", params/principal must match ' +
        'pattern "^[0123456789ABCDEFGHJKMNPQRSTVWXYZ]{28,41}.[a-zA-Z]([a-zA-Z0-9]|[-_]){0,39}$", params/principal must ' +
        "match a schema in anyOf",
    });
  });

  it("rejects a bad checksum", async () => {
    const response = await get(`/extended/v1/address/${BAD_CHECKSUM}/balances`);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      statusCode: 400,
      error: "Bad Request",
      message: `invalid STX address "${BAD_CHECKSUM}"`,
    });
  });
});

describe("v3 balances", () => {
  it("has the documented fields, and null where nothing is locked or pending", async () => {
    upstream.pinHoldings(ANYONE, { stx: "10", locked: "4", tokens: { [SBTC_ASSET_ID]: "1" } });
    const path = `/extended/v3/principals/${ANYONE}/balances`;
    expect(await getJson(`${path}/stx`)).toEqual({
      balance: "10",
      available: "6",
      locked: {
        amount: "4",
        pox_version: expect.any(Number),
        lock_tx_id: expect.stringMatching(/^0x[0-9a-f]{64}$/),
        stacks_lock_height: expect.any(Number),
        burn_lock_height: expect.any(Number),
        burn_unlock_height: expect.any(Number),
      },
      mempool: null,
    });
    expect(await getJson(`${path}/ft`)).toEqual({
      total: 1,
      limit: 100,
      cursor: { next: null, previous: null, current: `1:${SBTC_ASSET_ID}` },
      results: [{ asset_identifier: SBTC_ASSET_ID, balance: "1" }],
    });
    const all = await Promise.all(principals.map((p) => getJson<V3Stx>(`/extended/v3/principals/${p}/balances/stx`)));
    const pending = all.find((answer) => answer.mempool !== null)?.mempool ?? {};
    expect(Object.keys(pending)).toEqual(["estimated_balance", "inbound", "outbound"]);
  });

  it("answers for one asset, with zero when it is not held and 400 when it is none", async () => {
    upstream.pinHoldings(ANYONE, { tokens: { [SBTC_ASSET_ID]: "12" } });
    const path = `/extended/v3/principals/${ANYONE}/balances/ft`;
    const held = await getJson(`${path}/${encodeURIComponent(SBTC_ASSET_ID)}`);
    expect(held).toEqual({ asset_identifier: SBTC_ASSET_ID, balance: "12" });
    const other = `${ANYONE}.other::other`;
    expect(await getJson(`${path}/${encodeURIComponent(other)}`)).toEqual({ asset_identifier: other, balance: "0" });
    expect((await get(`${path}/sbtc`)).status).toBe(400);
  });

  it("agrees with v1 on STX", async () => {
    for (const principal of principals.slice(0, 100)) {
      const { stx } = await getV1(principal);
      const v3 = await getJson<V3Stx>(`/extended/v3/principals/${principal}/balances/stx`);
      expect(v3.balance).toBe(stx.balance);
      expect(v3.locked?.amount ?? "0").toBe(stx.locked);
      expect(BigInt(v3.available)).toBe(BigInt(v3.balance) - BigInt(v3.locked?.amount ?? 0));
    }
  });

  it.each([7, 100, 200])("reassembles the v1 map without its zero rows from pages of %i", async (limit) => {
    for (const principal of principals.slice(0, 60)) {
      const { fungible_tokens } = await getV1(principal);
      const held = Object.entries(fungible_tokens)
        .filter(([, token]) => token.balance !== "0")
        .map(([assetId, token]) => [assetId, token.balance]);
      const rows = await getAllFt(principal, limit);
      expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(held));
      expect(rows).toHaveLength(held.length);
    }
  });

  it("pages by inclusive cursors, largest balance first, then by asset identifier", async () => {
    const [big, mid, small, twin] = ["big", "mid", "small", "twin"].map((name) => `${ANYONE}.${name}::${name}`) as [
      string,
      string,
      string,
      string,
    ];
    upstream.pinHoldings(ANYONE, { tokens: { [small]: "1", [twin]: "1", [mid]: "2", [big]: "300" } });
    const path = `/extended/v3/principals/${ANYONE}/balances/ft`;
    expect(await getJson(`${path}?limit=1&cursor=${encodeURIComponent(`2:${mid}`)}`)).toEqual({
      total: 4,
      limit: 1,
      cursor: { next: `1:${small}`, previous: `300:${big}`, current: `2:${mid}` },
      results: [{ asset_identifier: mid, balance: "2" }],
    });
    const last = await getJson<V3Page>(`${path}?limit=2&cursor=${encodeURIComponent(`1:${small}`)}`);
    expect(last.cursor.next).toBeNull();
    expect(last.results.map((row) => row.asset_identifier)).toEqual([small, twin]);
  });

  it("answers 200 with zeros for a principal with a bad checksum", async () => {
    expect(await getJson(`/extended/v3/principals/${BAD_CHECKSUM}/balances/stx`)).toHaveProperty("balance");
    upstream.pinHoldings(BAD_CHECKSUM, {});
    expect(await getJson(`/extended/v3/principals/${BAD_CHECKSUM}/balances/stx`)).toEqual({
      balance: "0",
      available: "0",
      locked: null,
      mempool: null,
    });
    expect(await getJson(`/extended/v3/principals/${BAD_CHECKSUM}/balances/ft`)).toEqual({
      total: 0,
      limit: 100,
      cursor: { next: null, previous: null, current: null },
      results: [],
    });
  });

  it.each([
    ["limit=201", "querystring/limit must be <= 200"],
    ["limit=0", "querystring/limit must be >= 1"],
    ["limit=many", "querystring/limit must be integer"],
    ["cursor=nonsense", 'querystring/cursor must match pattern "^\\d+:.+$"'],
  ])("rejects %s", async (query, message) => {
    const response = await get(`/extended/v3/principals/${ANYONE}/balances/ft?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "FST_ERR_VALIDATION", message });
  });

  it("answers 304 to the ETag of an unchanged principal, and gives none to one without activity", async () => {
    upstream.pinHoldings(ANYONE, { stx: "5" });
    const path = `/extended/v3/principals/${ANYONE}/balances/stx`;
    const etag = (await get(path)).headers.get("etag") as string;
    const again = await fetch(upstream.baseUrls.HIRO_API_URL + path, { headers: { "if-none-match": etag } });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    const idle = await Promise.all(
      principals.map((principal) => get(`/extended/v3/principals/${principal}/balances/stx`)),
    );
    expect(idle.some((response) => response.headers.get("etag") === null)).toBe(true);
  });
});

describe("the rest of the host", () => {
  it("answers unknown routes as its router does", async () => {
    const response = await get("/extended/v9/x?y=1");
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      message: "Route GET:/extended/v9/x?y=1 not found",
      error: "Not Found",
      statusCode: 404,
    });
  });

  it("knows the metadata of one token, decimals of zero included", async () => {
    const not = "SP32AEEF6WW5Y0NMJ1S8SBSZDAY8R5J32NBZFPKKZ.nope";
    expect(await getJson(`/metadata/v1/ft/${not}`)).toMatchObject({ symbol: "NOT", decimals: 0 });
  });

  it("leaves unknown contracts out of the metadata of many, and asks for at least one", async () => {
    const contracts = Array.from({ length: 40 }, (_, n) => `${ANYONE}.unheard-of-${n}`);
    const query = [SBTC_ASSET_ID.split("::")[0], ...contracts].map((id) => `contract=${id}`).join("&");
    const rows = await getJson<{ contract_id: string }[]>(`/metadata/v1/search?${query}`);
    expect(rows.some((row) => row.contract_id === SBTC_ASSET_ID.split("::")[0])).toBe(true);
    expect(rows.length).toBeLessThan(41);
    expect((await get("/metadata/v1/search")).status).toBe(400);
    const tooMany = Array.from({ length: 51 }, (_, n) => `contract=${ANYONE}.c${n}`).join("&");
    expect((await get(`/metadata/v1/search?${tooMany}`)).status).toBe(400);
  });

  it("answers 429 with Retry-After once its quota is spent", async () => {
    const poor = await startUpstream({ hiroQuota: { perMinute: 2, perMonth: 100 }, clock: () => 30_000 });
    const ask = () => fetch(`${poor.baseUrls.HIRO_API_URL}/extended/v1/address/${ANYONE}/balances`);
    const answers = [await ask(), await ask(), await ask()];
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 429]);
    expect(answers[2]?.headers.get("retry-after")).toBe("30");
    await poor.close();
  });
});

const AMOUNT_FIELDS = [
  "balance",
  "estimated_balance",
  "locked",
  "pending_balance_inbound",
  "pending_balance_outbound",
  "total_fees_sent",
  "total_miner_rewards_received",
  "total_received",
  "total_sent",
];
const STX_FIELDS = [
  ...AMOUNT_FIELDS,
  "burnchain_lock_height",
  "burnchain_unlock_height",
  "lock_height",
  "lock_tx_id",
].sort();

interface V1Balances {
  stx: Record<string, string | number>;
  fungible_tokens: Record<string, { balance: string; total_sent: string; total_received: string }>;
  non_fungible_tokens: Record<string, unknown>;
}

interface V3Stx {
  balance: string;
  available: string;
  locked: { amount: string } | null;
  mempool: object | null;
}

interface V3Page {
  total: number;
  cursor: { next: string | null };
  results: { asset_identifier: string; balance: string }[];
}

function get(path: string): Promise<Response> {
  return fetch(upstream.baseUrls.HIRO_API_URL + path);
}

async function getJson<T>(path: string): Promise<T> {
  const response = await get(path);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

function getV1(principal: string): Promise<V1Balances> {
  return getJson(`/extended/v1/address/${principal}/balances`);
}

async function getAllFt(principal: string, limit: number): Promise<[string, string][]> {
  const rows: [string, string][] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page: V3Page = await getJson(`/extended/v3/principals/${principal}/balances/ft?limit=${limit}${query}`);
    rows.push(...page.results.map((row): [string, string] => [row.asset_identifier, row.balance]));
    expect(page.results.length).toBeLessThanOrEqual(limit);
    cursor = page.cursor.next;
  } while (cursor !== null);
  return rows;
}
