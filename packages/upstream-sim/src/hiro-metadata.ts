import type { Context, Hono } from "hono";
import { answerInvalid, json } from "./hiro-answers.ts";
import { findContractError } from "./hiro-principal.ts";
import { hash32 } from "./random.ts";
import { findMetadata, findToken, type Metadata } from "./tokens.ts";
import type { HostEnv } from "./view.ts";

const MAX_CONTRACTS = 50;

/** The token metadata service, which shares Hiro's host and quota. */
export function addHiroMetadataRoutes(app: Hono<HostEnv>): void {
  const answerToken = (c: Context) => {
    const contractId = c.req.param("principal") ?? "";
    const invalid = findContractError(contractId);
    if (invalid) return answerInvalid(invalid);
    const metadata = findMetadata(contractId);
    if (metadata === "not-found") return json({ error: "Contract not found" }, 404);
    if (metadata === "in-progress") return json({ error: "Token metadata fetch in progress" }, 422);
    const assetIdentifier = findToken(contractId)?.assetId ?? `${contractId}::token`;
    return json({ ...toFields(contractId, metadata), asset_identifier: assetIdentifier });
  };
  app.get("/metadata/v1/ft/:principal", answerToken);
  app.get("/metadata/ft/:principal", answerToken);

  app.get("/metadata/v1/search", (c) => {
    const contracts = c.req.queries("contract") ?? [];
    if (contracts.length === 0) return answerInvalid("querystring must have required property 'contract'");
    if (contracts.length > MAX_CONTRACTS) {
      return answerInvalid(`querystring/contract must NOT have more than ${MAX_CONTRACTS} items`);
    }
    const invalid = contracts.map(findContractError).find((error) => error !== undefined);
    if (invalid) return answerInvalid(invalid.replace("params/principal", "querystring/contract"));
    // The order is the database's, not the question's.
    const sorted = [...new Set(contracts)].sort((a, b) => hash32(a) - hash32(b));
    return json(sorted.flatMap((contractId) => toSearchRow(contractId, findMetadata(contractId))));
  });
}

function toSearchRow(contractId: string, metadata: Metadata) {
  if (typeof metadata === "string") return [];
  return [{ contract_id: contractId, token_number: 1, token_type: "ft", ...toFields(contractId, metadata) }];
}

function toFields(contractId: string, metadata: Exclude<Metadata, string>) {
  return {
    ...metadata,
    total_supply: "1000000000000000",
    token_uri: `https://example.com/${contractId}.json`,
    description: `${metadata.name} (simulated)`,
    image_uri: `https://example.com/${contractId}/1.png`,
    tx_id: `0x${hash32("tx", contractId).toString(16).padStart(8, "0").repeat(8)}`,
    sender_address: contractId.split(".", 1)[0],
  };
}
