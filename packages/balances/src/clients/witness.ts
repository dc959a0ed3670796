import { c32addressDecode } from "c32check";
import { z } from "zod";
import { BTC, STX, toContractId } from "../tokens/assets.ts";
import type { Attempt, Http } from "./http.ts";
import { fetchBitcoinBalance } from "./mempool.ts";

// A second way to one balance, past the service that gave the first: the Stacks node's own state, and another Esplora.

const hexAmount = z
  .string()
  .regex(/^0x[0-9a-f]{1,32}$/i)
  .transform((hex) => BigInt(hex));

const nodeAccount = z.object({ balance: hexAmount, locked: hexAmount }); // balance leaves out what is locked
const readOnlyCall = z.object({ okay: z.literal(true), result: z.string() });

/** (ok uint) as the node serialises it: 0x07 response ok, 0x01 uint, 16 bytes big endian (Stacks SIP-005). */
const OK_UINT = /^0x0701([0-9a-f]{32})$/i;

/** What the other route says that an agent holds of a token, base units. */
export async function fetchWitness(
  http: Http,
  { stxAddress, btcAddress }: { stxAddress: string; btcAddress: string },
  tokenId: string,
): Promise<Attempt<bigint>> {
  if (tokenId === STX) return fetchNodeStx(http, stxAddress);
  if (tokenId !== BTC) return fetchContractBalance(http, stxAddress, tokenId);
  const answer = await fetchBitcoinBalance(http, btcAddress, "blockstream");
  return answer.kind === "fetched" ? { ...answer, value: answer.value.balances[0]?.rawAmount ?? 0n } : answer;
}

function fetchNodeStx(http: Http, stxAddress: string): Promise<Attempt<bigint>> {
  return http.getJson({
    host: "hiro",
    path: `/v2/accounts/${encodeURIComponent(stxAddress)}?proof=0`,
    parse(body) {
      const parsed = nodeAccount.safeParse(body);
      return parsed.success
        ? { ok: true, value: parsed.data.balance + parsed.data.locked }
        : { ok: false, reason: "invalid-shape" };
    },
  });
}

/** SIP-010 get-balance, asked of the node's state by a read-only call. */
async function fetchContractBalance(http: Http, stxAddress: string, tokenId: string): Promise<Attempt<bigint>> {
  const [contract, name] = (toContractId(tokenId) ?? "").split(".");
  if (!contract || !name) return { kind: "failed", reason: "invalid-address" };
  return http.getJson({
    host: "hiro",
    path: `/v2/contracts/call-read/${encodeURIComponent(contract)}/${encodeURIComponent(name)}/get-balance`,
    body: { sender: stxAddress, arguments: [toClarityPrincipal(stxAddress)] },
    parse(body) {
      const parsed = readOnlyCall.safeParse(body);
      const digits = parsed.success ? OK_UINT.exec(parsed.data.result)?.[1] : undefined;
      return digits === undefined ? { ok: false, reason: "invalid-shape" } : { ok: true, value: BigInt(`0x${digits}`) };
    },
  });
}

/** A standard principal as a Clarity value: type 0x05, version byte, hash of 20 bytes. Throws on what is no address. */
export function toClarityPrincipal(stxAddress: string): string {
  const [version, hash] = c32addressDecode(stxAddress);
  return `0x05${version.toString(16).padStart(2, "0")}${hash.padStart(40, "0")}`;
}
