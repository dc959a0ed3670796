import type { Hono } from "hono";
import { z } from "zod";
import { parseInteger, U128_MAX } from "./amounts.ts";
import { decodePrincipal, encodeErrUint, encodeOkUint, encodeUint128 } from "./clarity.ts";
import { json } from "./hiro-answers.ts";
import { findContractError, hasValidChecksum } from "./hiro-principal.ts";
import { LOCK, type StacksHoldings } from "./stacks-holdings.ts";
import { toContractId } from "./tokens.ts";
import { type HostEnv, readStacks } from "./view.ts";
import type { World } from "./world.ts";

const PRINCIPAL = /^[0-9A-Z]{28,41}(?:\.[a-zA-Z][a-zA-Z0-9_-]{0,39})?$/;

const callReadSchema = z.object({ sender: z.string(), arguments: z.array(z.string()) });

/** The RPC of the Stacks node behind Hiro's host: it reads the chain state itself, not the index of the other routes. */
export function addHiroNodeRoutes(app: Hono<HostEnv>, world: World): void {
  app.get("/v2/accounts/:principal", (c) => {
    const principal = c.req.param("principal");
    if (!PRINCIPAL.test(principal)) return refuse("not found", 404);
    if (!hasValidChecksum(principal)) return refuse("Failed to parse `principal` field");
    return json(toAccount(readStacks(world, c, principal), c.req.query("proof") !== "0"));
  });

  app.post("/v2/contracts/call-read/:address/:name/:function", async (c) => {
    const { address, name, function: functionName } = c.req.param();
    const contractId = `${address}.${name}`;
    if (findContractError(contractId)) return refuse("not found", 404);
    if (!c.req.header("content-type")?.startsWith("application/json")) {
      return refuse("Invalid content-type: expected application/json");
    }
    const body = callReadSchema.safeParse(await c.req.json().catch(() => undefined));
    if (!body.success) return refuse("Failed to parse JSON body");
    const sender = body.data.sender;
    if (!PRINCIPAL.test(sender) || !hasValidChecksum(sender)) return refuse("Failed to parse sender principal");
    const [argument, ...more] = body.data.arguments;
    const owner = argument === undefined ? undefined : decodePrincipal(argument);
    if (argument !== undefined && owner === undefined) return refuse("Failed to deserialize argument value");

    if (!world.holdings.hasContract(contractId)) return fail(`Unchecked(NoSuchContract("${contractId}"))`);
    if (functionName !== "get-balance") return fail(`Unchecked(UndefinedFunction("${functionName}"))`);
    if (owner === undefined || more.length > 0) {
      return fail(`Unchecked(IncorrectArgumentCount(1, ${body.data.arguments.length}))`);
    }
    return json({ okay: true, result: encodeBalance(readStacks(world, c, owner), contractId) });
  });
}

/** The balance leaves out what is locked, unlike that of every indexed route. */
function toAccount({ stx, locked }: StacksHoldings, withProof: boolean) {
  return {
    balance: `0x${encodeUint128(stx.balance - locked)}`,
    locked: `0x${encodeUint128(locked)}`,
    unlock_height: locked > 0n ? LOCK.burn_unlock_height : 0,
    nonce: stx.sends,
    ...(withProof ? { balance_proof: "0x", nonce_proof: "0x" } : {}),
  };
}

/** A contract answers for its first asset. One that holds no amount of a uint answers with an error, as it may. */
function encodeBalance({ tokens }: StacksHoldings, contractId: string): string {
  const [, held] = [...tokens].find(([assetId]) => toContractId(assetId) === contractId) ?? [];
  const balance = parseInteger(held?.balance ?? "0");
  return balance === undefined || balance < 0n || balance > U128_MAX ? encodeErrUint(1n) : encodeOkUint(balance);
}

/** The contract could not be run: the node says so with status 200. */
function fail(cause: string): Response {
  return json({ okay: false, cause });
}

function refuse(message: string, status = 400): Response {
  return new Response(message, { status, headers: { "content-type": "text/plain" } });
}
