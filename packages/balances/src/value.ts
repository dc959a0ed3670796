const MICROS_PER_USD = 1_000_000n;

/**
 * Micro-USD of a balance, exactly: floor(raw × price × 10^6 / 10^decimals), with the price taken as the decimal number
 * it prints as. Throws on a price that is not a positive finite number.
 */
export function valueUsdMicros(raw: bigint, decimals: number, priceUsd: number): bigint {
  const price = toDecimal(priceUsd);
  const numerator = raw * price.digits * MICROS_PER_USD;
  return numerator / 10n ** BigInt(decimals + price.scale);
}

/** digits / 10^scale === value, by the shortest decimal that JavaScript prints for it. */
function toDecimal(value: number): { digits: bigint; scale: number } {
  if (!Number.isFinite(value) || value <= 0) throw new RangeError(`not a price: ${value}`);
  const [mantissa = "", exponent = "0"] = value.toString().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const scale = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 };
}
