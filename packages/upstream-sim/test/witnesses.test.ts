import { SBTC_ASSET_ID, TOKENS } from "@standings/upstream-sim";
import { type FaultRuleInput, startUpstream, type Upstream } from "@standings/upstream-sim/server";
import { c32addressDecode } from "c32check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

const ANYONE = "SP4DXVEC16FS6QR7RBKGWZYJKTXPC81W49W0ATJE";
const OTHER = "SP1AE83TP3DX6V7SHT79TKY6Y6YPYSVQ3VJB931ZJ";
const BITCOIN = "bc1qkljqd65ax6mdpyzm9c2r8scg8euymkfqauukae";
const WELSH = TOKENS.find((token) => token.symbol === "WELSH")?.assetId ?? "";

let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream();
});
beforeEach(() => {
  for (const address of [ANYONE, OTHER]) {
    upstream.pinHoldings(address, { stx: "1000", locked: "400", tokens: { [SBTC_ASSET_ID]: "700", [WELSH]: "5" } });
  }
  upstream.pinHoldings(BITCOIN, { sats: "900" });
});
afterEach(() => upstream.setFaults([]));
afterAll(() => upstream.close());

describe("a host that forgets", () => {
  it("answers v1 without any token, while v3 and the node still know them", async () => {
    upstream.setFaults([{ kind: "forgets", host: "hiro", pathPrefix: "/extended/v1/", what: ["tokens"] }]);
    expect(await readV1(ANYONE)).toMatchObject({ stx: { balance: "1000", locked: "400" }, fungible_tokens: {} });
    expect(await readV3Asset(ANYONE)).toBe("700");
    expect(await readNodeToken(ANYONE)).toBe(700n);
  });

  it("forgets STX on the indexed routes alone, or on the node alone", async () => {
    const rule: FaultRuleInput = { kind: "forgets", host: "hiro", what: ["stx"] };
    upstream.setFaults([{ ...rule, pathPrefix: "/extended/" }]);
    expect([(await readV1(ANYONE)).stx.balance, await readNodeStx(ANYONE)]).toEqual(["0", 1_000n]);
    upstream.setFaults([{ ...rule, pathPrefix: "/v2/accounts/" }]);
    expect([(await readV1(ANYONE)).stx.balance, await readNodeStx(ANYONE)]).toEqual(["1000", 0n]);
  });

  it("forgets some assets of some addresses", async () => {
    upstream.setFaults([{ kind: "forgets", what: ["tokens"], assets: [SBTC_ASSET_ID], addresses: [OTHER] }]);
    expect(Object.keys((await readV1(OTHER)).fungible_tokens)).toEqual([WELSH]);
    expect(await readNodeToken(OTHER)).toBe(0n);
    expect(Object.keys((await readV1(ANYONE)).fungible_tokens).sort()).toEqual([SBTC_ASSET_ID, WELSH].sort());
    expect(await readNodeToken(ANYONE)).toBe(700n);
  });

  it("forgets Bitcoin on mempool.space while Blockstream knows it, and the reverse", async () => {
    upstream.setFaults([{ kind: "forgets", host: "mempool", what: ["btc"] }]);
    expect([await readBitcoin("MEMPOOL"), await readBitcoin("BLOCKSTREAM")]).toEqual([0, 900]);
    upstream.setFaults([{ kind: "forgets", host: "blockstream", what: ["btc"] }]);
    expect([await readBitcoin("MEMPOOL"), await readBitcoin("BLOCKSTREAM")]).toEqual([900, 0]);
  });

  it("does so as often as its rule says", async () => {
    upstream.setFaults([{ kind: "forgets", host: "hiro", what: ["tokens"], times: 1 }]);
    expect((await readV1(ANYONE)).fungible_tokens).toEqual({});
    expect((await readV1(ANYONE)).fungible_tokens).not.toEqual({});
    expect(upstream.stats().hosts.hiro.faults).toMatchObject({ forgets: expect.any(Number) });
  });
});

describe("a host that sees other holdings", () => {
  it("says so of the named addresses, with everything in step", async () => {
    const holdings = { [ANYONE]: { stx: "7", tokens: { [SBTC_ASSET_ID]: "1" } }, [BITCOIN]: { sats: "3" } };
    upstream.setFaults([
      { kind: "other-holdings", host: "hiro", pathPrefix: "/v2/", holdings },
      { kind: "other-holdings", host: "blockstream", holdings },
    ]);
    expect([await readNodeStx(ANYONE), await readNodeToken(ANYONE)]).toEqual([7n, 1n]);
    expect([await readNodeStx(OTHER), await readNodeToken(OTHER)]).toEqual([1_000n, 700n]);
    expect([await readBitcoin("MEMPOOL"), await readBitcoin("BLOCKSTREAM")]).toEqual([900, 3]);
    expect(await readV1(ANYONE)).toMatchObject({ stx: { balance: "1000" } });
  });
});

it("a witness can fail by itself", async () => {
  upstream.setFaults([
    { kind: "5xx", host: "hiro", pathPrefix: "/v2/contracts/call-read/" },
    { kind: "429", host: "blockstream" },
  ]);
  const { HIRO_API_URL, BLOCKSTREAM_API_URL } = upstream.baseUrls;
  expect((await callGetBalance(ANYONE)).status).toBe(503);
  expect((await fetch(`${BLOCKSTREAM_API_URL}/address/${BITCOIN}`)).status).toBe(429);
  expect((await fetch(`${HIRO_API_URL}/v2/accounts/${ANYONE}?proof=0`)).status).toBe(200);
  expect(await readBitcoin("MEMPOOL")).toBe(900);
});

interface V1 {
  stx: { balance: string; locked: string };
  fungible_tokens: Record<string, { balance: string }>;
}

async function getJson<T>(host: "HIRO" | "MEMPOOL" | "BLOCKSTREAM", path: string): Promise<T> {
  const response = await fetch(upstream.baseUrls[`${host}_API_URL`] + path);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

function readV1(principal: string): Promise<V1> {
  return getJson("HIRO", `/extended/v1/address/${principal}/balances`);
}

async function readV3Asset(principal: string): Promise<string> {
  const asset = encodeURIComponent(SBTC_ASSET_ID);
  return (await getJson<{ balance: string }>("HIRO", `/extended/v3/principals/${principal}/balances/ft/${asset}`))
    .balance;
}

/** What an account has with what is locked. */
async function readNodeStx(principal: string): Promise<bigint> {
  const account = await getJson<{ balance: string; locked: string }>("HIRO", `/v2/accounts/${principal}?proof=0`);
  return BigInt(account.balance) + BigInt(account.locked);
}

function callGetBalance(principal: string): Promise<Response> {
  const [version, hash] = c32addressDecode(principal);
  const contract = SBTC_ASSET_ID.split("::")[0]?.replace(".", "/");
  return fetch(`${upstream.baseUrls.HIRO_API_URL}/v2/contracts/call-read/${contract}/get-balance`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sender: principal, arguments: [`0x05${version.toString(16)}${hash}`] }),
  });
}

async function readNodeToken(principal: string): Promise<bigint> {
  const { result } = (await (await callGetBalance(principal)).json()) as { result: string };
  return BigInt(`0x${result.slice("0x0701".length)}`);
}

async function readBitcoin(host: "MEMPOOL" | "BLOCKSTREAM"): Promise<number> {
  const path = `/address/${BITCOIN}`;
  const { chain_stats } = await getJson<{ chain_stats: Record<string, number> }>(host, path);
  return (chain_stats.funded_txo_sum ?? NaN) - (chain_stats.spent_txo_sum ?? NaN);
}
