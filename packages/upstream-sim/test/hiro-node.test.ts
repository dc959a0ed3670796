import { createRoster, SBTC_ASSET_ID } from "@standings/upstream-sim";
import { startUpstream, type Upstream } from "@standings/upstream-sim/server";
import { c32addressDecode } from "c32check";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

const ANYONE = "SP4DXVEC16FS6QR7RBKGWZYJKTXPC81W49W0ATJE";
const BAD_CHECKSUM = "SP2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKNRV9EJ8";
const [SBTC_CONTRACT = ""] = SBTC_ASSET_ID.split("::");
const principals = createRoster({ agents: 100 }).agents.map((agent) => agent.stxAddress);

let upstream: Upstream;
beforeAll(async () => {
  upstream = await startUpstream({ clock: () => Date.UTC(2026, 10, 22) });
});
afterEach(() => upstream.unpinHoldings());
afterAll(() => upstream.close());

describe("the node's account", () => {
  it("has the balance without what is locked, both as 16 bytes in hex", async () => {
    upstream.pinHoldings(ANYONE, { stx: "1000000", locked: "400000" });
    expect(await getJson(`/v2/accounts/${ANYONE}?proof=0`)).toEqual({
      balance: `0x${(600_000).toString(16).padStart(32, "0")}`,
      locked: `0x${(400_000).toString(16).padStart(32, "0")}`,
      unlock_height: expect.any(Number),
      nonce: 0,
    });
  });

  it("agrees with v1 once the locked part is added", async () => {
    let stackers = 0;
    for (const principal of principals) {
      const { balance, locked, unlock_height } = await getJson<Account>(`/v2/accounts/${principal}?proof=0`);
      const { stx } = await getJson<{ stx: { balance: string } }>(`/extended/v1/address/${principal}/balances`);
      expect(BigInt(balance) + BigInt(locked)).toBe(BigInt(stx.balance));
      expect(unlock_height > 0).toBe(BigInt(locked) > 0n);
      if (BigInt(locked) > 0n) stackers += 1;
    }
    expect(stackers).toBeGreaterThan(0);
  });

  it("comes with proofs unless they are declined", async () => {
    const keys = Object.keys(await getJson<object>(`/v2/accounts/${ANYONE}`));
    expect(keys).toEqual(["balance", "locked", "unlock_height", "nonce", "balance_proof", "nonce_proof"]);
  });

  it("is refused for a bad checksum, which v3 overlooks", async () => {
    const response = await get(`/v2/accounts/${BAD_CHECKSUM}?proof=0`);
    expect([response.status, await response.text()]).toEqual([400, "Failed to parse `principal` field"]);
  });
});

describe("a call of get-balance", () => {
  it("answers (ok uint) for a standard principal", async () => {
    upstream.pinHoldings(ANYONE, { tokens: { [SBTC_ASSET_ID]: "700" } });
    expect(await callGetBalance(SBTC_CONTRACT)).toEqual({
      okay: true,
      result: `0x0701${(700).toString(16).padStart(32, "0")}`,
    });
  });

  it("carries the largest amount there is", async () => {
    upstream.pinHoldings(ANYONE, { tokens: { [SBTC_ASSET_ID]: String(2n ** 128n - 1n) } });
    expect(await callGetBalance(SBTC_CONTRACT)).toEqual({ okay: true, result: `0x0701${"f".repeat(32)}` });
  });

  it("agrees with v1 about every agent", async () => {
    let holders = 0;
    for (const principal of principals) {
      const answer = await getJson<V1>(`/extended/v1/address/${principal}/balances`);
      const balance = BigInt(answer.fungible_tokens[SBTC_ASSET_ID]?.balance ?? 0);
      const { result } = await callGetBalance(SBTC_CONTRACT, [serialise(principal)]);
      expect(BigInt(`0x${String(result).slice("0x0701".length)}`)).toBe(balance);
      if (balance > 0n) holders += 1;
    }
    expect(holders).toBeGreaterThan(20);
  });

  it("answers zero for a known contract of which nothing is held", async () => {
    upstream.pinHoldings(ANYONE, {});
    expect(await callGetBalance(SBTC_CONTRACT)).toEqual({ okay: true, result: `0x0701${"0".repeat(32)}` });
  });

  it("answers for the principal of a contract, whose name follows the hash", async () => {
    upstream.pinHoldings(`${ANYONE}.vault`, { tokens: { [SBTC_ASSET_ID]: "9" } });
    const name = Buffer.from("vault").toString("hex");
    const argument = `0x06${serialise(ANYONE).slice(4)}05${name}`;
    expect(await callGetBalance(SBTC_CONTRACT, [argument])).toMatchObject({ result: `0x0701${"9".padStart(32, "0")}` });
  });

  it("fails with status 200 and a cause for an unknown contract, function or argument list", async () => {
    expect(await callGetBalance(`${ANYONE}.nothing`)).toEqual({
      okay: false,
      cause: `Unchecked(NoSuchContract("${ANYONE}.nothing"))`,
    });
    expect(await callGetBalance(SBTC_CONTRACT, [serialise(ANYONE)], "get-wealth")).toEqual({
      okay: false,
      cause: 'Unchecked(UndefinedFunction("get-wealth"))',
    });
    expect(await callGetBalance(SBTC_CONTRACT, [])).toEqual({
      okay: false,
      cause: "Unchecked(IncorrectArgumentCount(1, 0))",
    });
  });

  it.each([
    ["an argument that is no principal", { sender: ANYONE, arguments: ["0x0100"] }],
    ["an argument that is no hex", { sender: ANYONE, arguments: ["nobody"] }],
    ["a hash cut short", { sender: ANYONE, arguments: [serialise(ANYONE).slice(0, -2)] }],
    ["a hash with something behind it", { sender: ANYONE, arguments: [`${serialise(ANYONE)}00`] }],
    ["a sender that is none", { sender: BAD_CHECKSUM, arguments: [serialise(ANYONE)] }],
    ["a body without arguments", { sender: ANYONE }],
  ])("is refused with %s", async (_what, body) => {
    expect((await post(SBTC_CONTRACT, JSON.stringify(body))).status).toBe(400);
  });

  it("is refused without a JSON body or its type", async () => {
    expect((await post(SBTC_CONTRACT, "{")).status).toBe(400);
    const body = JSON.stringify({ sender: ANYONE, arguments: [serialise(ANYONE)] });
    expect((await post(SBTC_CONTRACT, body, "get-balance", "text/plain")).status).toBe(400);
  });
});

interface Account {
  balance: string;
  locked: string;
  unlock_height: number;
}

interface V1 {
  fungible_tokens: Record<string, { balance: string }>;
}

function get(path: string): Promise<Response> {
  return fetch(upstream.baseUrls.HIRO_API_URL + path);
}

async function getJson<T>(path: string): Promise<T> {
  const response = await get(path);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

/** A standard principal as Clarity serialises it. */
function serialise(address: string): string {
  const [version, hash] = c32addressDecode(address);
  return `0x05${version.toString(16).padStart(2, "0")}${hash}`;
}

function post(contractId: string, body: string, name = "get-balance", type = "application/json"): Promise<Response> {
  const url = `${upstream.baseUrls.HIRO_API_URL}/v2/contracts/call-read/${contractId.replace(".", "/")}/${name}`;
  return fetch(url, { method: "POST", headers: { "content-type": type }, body });
}

async function callGetBalance(
  contractId: string,
  args = [serialise(ANYONE)],
  name = "get-balance",
): Promise<Record<string, unknown>> {
  const response = await post(contractId, JSON.stringify({ sender: ANYONE, arguments: args }), name);
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}
