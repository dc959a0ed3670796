import type { Hono } from "hono";
import { answerInvalid, json, jsonWithEtag } from "./hiro-answers.ts";
import { findPrincipalError, hasValidChecksum } from "./hiro-principal.ts";
import { LOCK, type StacksHoldings } from "./stacks-holdings.ts";
import { type HostEnv, readStacks } from "./view.ts";
import type { World } from "./world.ts";

const DEPRECATED = '299 - "Deprecated: See https://docs.hiro.so/stacks/api for more information"';
const NAME_ASSET = "SP2QEZ06AGJ3RKJPBV14SY1V5BBFNAW33D96YPGZF.BNS-V2::BNS-V2";

/** The deprecated route: everything a principal holds or has ever held, in one unpaged answer. */
export function addHiroV1Routes(app: Hono<HostEnv>, world: World): void {
  app.get("/extended/v1/address/:principal/balances", (c) => {
    const principal = c.req.param("principal");
    const response = answer();
    response.headers.set("warning", DEPRECATED);
    return response;

    function answer(): Response {
      const invalid = findPrincipalError(principal, "v1");
      if (invalid) return answerInvalid(invalid);
      if (!hasValidChecksum(principal)) {
        return json({ statusCode: 400, error: "Bad Request", message: `invalid STX address "${principal}"` }, 400);
      }
      const holdings = readStacks(world, c, principal);
      return jsonWithEtag(c, toV1Balances(holdings), holdings.active);
    }
  });
}

function toV1Balances(holdings: StacksHoldings) {
  const { stx, fees, locked, pending, names } = holdings;
  const [inbound, outbound] = [pending?.inbound ?? 0n, pending?.outbound ?? 0n];
  return {
    stx: {
      balance: String(stx.balance),
      estimated_balance: String(stx.balance + inbound - outbound),
      pending_balance_inbound: String(inbound),
      pending_balance_outbound: String(outbound),
      total_sent: String(stx.sent),
      total_received: String(stx.received),
      total_fees_sent: String(fees),
      total_miner_rewards_received: "0",
      lock_tx_id: locked > 0n ? LOCK.lock_tx_id : "",
      locked: String(locked),
      lock_height: locked > 0n ? LOCK.stacks_lock_height : 0,
      burnchain_lock_height: locked > 0n ? LOCK.burn_lock_height : 0,
      burnchain_unlock_height: locked > 0n ? LOCK.burn_unlock_height : 0,
    },
    fungible_tokens: Object.fromEntries(
      [...holdings.tokens]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([assetId, { balance, sent, received }]) => [
          assetId,
          { balance, total_sent: sent, total_received: received },
        ]),
    ),
    non_fungible_tokens:
      names > 0 ? { [NAME_ASSET]: { count: String(names), total_sent: "0", total_received: String(names) } } : {},
  };
}
