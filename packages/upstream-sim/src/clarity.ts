import { hexToBytes } from "@noble/hashes/utils";
import { c32address } from "c32check";
import { U128_MAX } from "./amounts.ts";

// Clarity values as the node takes and gives them: one type byte, then the value (SIP-005).

const UINT = 0x01;
const STANDARD_PRINCIPAL = 0x05;
const CONTRACT_PRINCIPAL = 0x06;
const RESPONSE_OK = 0x07;
const RESPONSE_ERR = 0x08;
const HASH_BYTES = 20;

/** The principal in "0x05" + version byte + hash (a contract's: "0x06" and its name behind); undefined = none. */
export function decodePrincipal(hex: string): string | undefined {
  const digits = hex.replace(/^0x/, "");
  if (!/^(?:[0-9a-f]{2})+$/i.test(digits)) return undefined;
  const [type, version = 0, ...rest] = hexToBytes(digits);
  if (version > 31 || rest.length < HASH_BYTES) return undefined;
  const address = c32address(version, digits.slice(4, 4 + 2 * HASH_BYTES));
  const [nameLength, ...name] = rest.slice(HASH_BYTES);
  if (type === STANDARD_PRINCIPAL) return nameLength === undefined ? address : undefined;
  if (type !== CONTRACT_PRINCIPAL || nameLength !== name.length || nameLength === 0) return undefined;
  return `${address}.${String.fromCharCode(...name)}`;
}

export function encodeUint128(value: bigint): string {
  if (value < 0n || value > U128_MAX) throw new Error(`${value} is no uint128`);
  return value.toString(16).padStart(32, "0");
}

/** (ok uint) */
export function encodeOkUint(value: bigint): string {
  return `0x${toHex(RESPONSE_OK)}${toHex(UINT)}${encodeUint128(value)}`;
}

/** (err uint) */
export function encodeErrUint(value: bigint): string {
  return `0x${toHex(RESPONSE_ERR)}${toHex(UINT)}${encodeUint128(value)}`;
}

function toHex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
