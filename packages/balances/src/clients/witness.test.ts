import { c32address } from "c32check";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ADDRESS, createRig, PRINCIPAL, rateLimited, SPAM, stats } from "../../test/rig.ts";
import { BTC, SBTC, STX } from "../tokens/assets.ts";
import { fetchWitness, toClarityPrincipal } from "./witness.ts";

describe("toClarityPrincipal", () => {
  it.each([
    ["SP2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKNRV9EJ7", "0x0516a46ff88886c2ef9762d970b4d2c63678835bd39d"],
    ["SP3X6QWWETNBZWGBK6DRGTR1KX50S74D3433WDGJY", "0x0516fa6bf38ed557fe417333710d6033e9419391a320"],
    ["SP000000000000000000002Q6VF78", "0x05160000000000000000000000000000000000000000"],
  ])("writes %s as the Clarity value %s", (address, value) => {
    expect(toClarityPrincipal(address)).toBe(value);
  });

  it("is version and hash of whatever principal, leading zeros and multi-signatures too", () => {
    const hash = fc.oneof(fc.stringMatching(/^[0-9a-f]{40}$/), fc.stringMatching(/^0{30}[0-9a-f]{10}$/));
    fc.assert(
      fc.property(fc.constantFrom(22, 20), hash, (version, digits) => {
        expect(toClarityPrincipal(c32address(version, digits))).toBe(`0x05${version.toString(16)}${digits}`);
      }),
    );
  });

  it("throws on what is no address", () => expect(() => toClarityPrincipal("SP123")).toThrow());
});

describe("the witness of STX", () => {
  it("is the node's account, what is locked included", async () => {
    const { amount, paths } = rig(() => Response.json({ balance: "0x0a", locked: `0x${"0".repeat(30)}20`, nonce: 3 }));
    expect(await amount(STX)).toMatchObject({ kind: "fetched", value: 42n });
    expect(paths).toEqual([`/v2/accounts/${PRINCIPAL}?proof=0`]);
  });

  it.each([
    ["no locked part", { balance: "0x0a" }],
    ["digits that are not hexadecimal", { balance: "10", locked: "0x0" }],
    ["an amount past 128 bits", { balance: `0x1${"0".repeat(32)}`, locked: "0x0" }],
    ["a negative amount", { balance: "-0x1", locked: "0x0" }],
    ["nothing", null],
  ])("says nothing with %s", async (_name, body) => {
    expect(await rig(() => Response.json(body)).amount(STX)).toEqual({ kind: "failed", reason: "invalid-shape" });
  });
});

describe("the witness of a token", () => {
  it("is the contract's own get-balance, asked of the node for the agent", async () => {
    const { amount, paths, requests } = rig(() => Response.json({ okay: true, result: okUint(50_000_000n) }));
    expect(await amount(SBTC)).toMatchObject({ kind: "fetched", value: 50_000_000n });
    expect(paths).toEqual(["/v2/contracts/call-read/SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4/sbtc-token/get-balance"]);
    expect(requests[0]?.init?.method).toBe("POST");
    expect(JSON.parse(String(requests[0]?.init?.body))).toEqual({
      sender: PRINCIPAL,
      arguments: ["0x0516a46ff88886c2ef9762d970b4d2c63678835bd39d"],
    });
  });

  it("is exact up to the largest amount there is", async () => {
    const most = 2n ** 128n - 1n;
    expect(await rig(() => Response.json({ okay: true, result: okUint(most) })).amount(SPAM)).toMatchObject({
      value: most,
    });
  });

  it.each([
    ["a call that failed", { okay: false, cause: "NoSuchContract" }],
    ["a call that failed but says zero", { okay: false, result: okUint(0n) }],
    ["an error of the contract", { okay: true, result: `0x0801${"0".repeat(32)}` }],
    ["a signed number", { okay: true, result: `0x0700${"0".repeat(32)}` }],
    ["a number cut short", { okay: true, result: "0x070100" }],
    ["more than the number", { okay: true, result: `${okUint(0n)}00` }],
    ["none", { okay: true, result: "0x09" }],
  ])("says nothing with %s", async (_name, body) => {
    expect(await rig(() => Response.json(body)).amount(SBTC)).toEqual({ kind: "failed", reason: "invalid-shape" });
  });

  it("is not asked for by an id that is no contract", async () => {
    const { amount, paths } = rig(() => Response.json({ okay: true, result: okUint(0n) }));
    expect(await amount("no-contract")).toEqual({ kind: "failed", reason: "invalid-address" });
    expect(paths).toEqual([]);
  });
});

describe("the witness of BTC", () => {
  it("is another Esplora, asked of the Bitcoin address", async () => {
    const { amount, requests, gates } = rig(() => Response.json(stats(5, 2)));
    expect(await amount(BTC)).toMatchObject({ kind: "fetched", value: 3n });
    expect(requests[0]?.url).toBe(`https://blockstream.example/api/address/${ADDRESS}`);
    expect(gates.end().counts).toMatchObject({ blockstream: { ok: 1 }, mempool: { ok: 0 } });
  });

  it("says nothing when it is refused, and closes no gate of mempool.space", async () => {
    const { amount, gates } = rig(() => rateLimited(60));
    expect(await amount(BTC)).toEqual({ kind: "postponed", reason: "rate-limited" });
    expect(gates.isClosed("blockstream")).toBe(true);
    expect(gates.isClosed("mempool")).toBe(false);
  });
});

function rig(answer: (path: string) => Response) {
  const base = createRig(answer);
  const agent = { stxAddress: PRINCIPAL, btcAddress: ADDRESS };
  return { ...base, amount: (tokenId: string) => fetchWitness(base.http, agent, tokenId) };
}

/** (ok uint) as the node serialises it. */
function okUint(amount: bigint): string {
  return `0x0701${amount.toString(16).padStart(32, "0")}`;
}
