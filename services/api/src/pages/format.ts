const usd = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
const precise = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", maximumFractionDigits: 6 });
const amount = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 6 });
const large = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 4 });
const count = new Intl.NumberFormat("en-US");

/** Dollars and cents; what is worth less than a cent is not worth nothing. */
export function formatUsd(value: number): string {
  return value > 0 && value < 0.01 ? "<$0.01" : usd.format(value);
}

export function formatUsdExactly(value: number): string {
  return precise.format(value);
}

export function formatPrice(value: number | null): string {
  if (value === null) return "unknown";
  return value < 1 ? precise.format(value) : usd.format(value);
}

export function formatAmount(value: number): string {
  if (value >= 1e15) return value.toExponential(2).replace("e+", " × 10^");
  return value >= 1_000_000 ? large.format(value) : amount.format(value);
}

export function formatCount(value: number): string {
  return count.format(value);
}

/** `2026-11-22T14:02:10.000Z` as `2026-11-22 14:02:10 UTC`. */
export function formatTime(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 19)} UTC`;
}

export function shortenAddress(address: string): string {
  return address.length <= 14 ? address : `${address.slice(0, 6)}…${address.slice(-5)}`;
}
