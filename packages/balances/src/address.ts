import { Network, validate } from "bitcoin-address-validation";
import { c32address, c32addressDecode } from "c32check";

// Version bytes of mainnet principals: 22 = single signature (SP), 20 = multi-signature (SM). Stacks SIP-005.
const STACKS_MAINNET_VERSIONS: readonly number[] = [22, 20];

// The longest of either chain, a P2TR or P2WSH address; anything longer is refused before it is parsed.
const MAX_ADDRESS_LENGTH = 62;

/**
 * Whether a text is a mainnet Stacks address in its canonical form. c32check also decodes lower case and the letters O,
 * L and I; the API upstream does not, and a mistyped principal would answer with zeros there.
 */
export function isStacksAddress(text: string): boolean {
  if (text.length > MAX_ADDRESS_LENGTH) return false;
  try {
    const [version, hash] = c32addressDecode(text);
    return STACKS_MAINNET_VERSIONS.includes(version) && c32address(version, hash) === text;
  } catch {
    return false; // c32check throws on anything that is no address
  }
}

/** A mainnet Bitcoin address in the form used as a key (bech32 in lower case), or undefined. */
export function parseBitcoinAddress(text: string): string | undefined {
  if (text.length > MAX_ADDRESS_LENGTH) return undefined;
  const canonical = /^BC1/.test(text) && text === text.toUpperCase() ? text.toLowerCase() : text;
  return validate(canonical, Network.mainnet) ? canonical : undefined;
}
