import { c32addressDecode } from "c32check";

const ADDRESS = "^[0123456789ABCDEFGHJKMNPQRSTVWXYZ]{28,41}";
const CONTRACT_NAME = ".[a-zA-Z]([a-zA-Z0-9]|[-_]){0,39}$";

// The older routes lack the `$` of the plain form, and both accept any character where the dot of a contract belongs.
const V1_PATTERNS = [ADDRESS, ADDRESS + CONTRACT_NAME] as const;
const V3_PATTERNS = [`${ADDRESS}$`, ADDRESS + CONTRACT_NAME] as const;

/** What the router's schema validation says of a principal; undefined = passes. */
export function findPrincipalError(principal: string, api: "v1" | "v3"): string | undefined {
  const patterns = api === "v1" ? V1_PATTERNS : V3_PATTERNS;
  if (patterns.some((pattern) => new RegExp(pattern).test(principal))) return undefined;
  const failed = patterns.map((pattern) => `params/principal must match pattern "${pattern}"`);
  return [...failed, "params/principal must match a schema in anyOf"].join(", ");
}

export function findContractError(contractId: string): string | undefined {
  const pattern = ADDRESS + CONTRACT_NAME;
  return new RegExp(pattern).test(contractId) ? undefined : `params/principal must match pattern "${pattern}"`;
}

/** Any network's address will do, as long as its checksum is right. */
export function hasValidChecksum(principal: string): boolean {
  try {
    c32addressDecode(principal.split(".", 1)[0] ?? "");
    return true;
  } catch {
    return false;
  }
}
