/** A part of the bill: so much is included, the rest costs by the million. */
export interface Rate {
  included: number; // a month
  usdPerMillion: number;
}

/** What a month of Workers Paid costs, in US dollars. */
export interface PriceList {
  /** When the list was last compared with the vendor's pages. */
  asOf: string;
  baseUsd: number;
  workerRequests: Rate;
  workerCpuMs: Rate;
  objectRequests: Rate;
  objectGbSeconds: Rate;
  d1RowsRead: Rate;
  d1RowsWritten: Rate;
  /** Of a Durable Object's own SQLite storage; every alarm set is one. */
  objectRowsWritten: Rate;
  kvReads: Rate;
}

/**
 * List prices of Cloudflare's Workers Paid plan, from its own pricing documents, which carry no date: look them up before
 * relying on a dollar. Storage is left out: the database stays far below the 5 GB that are included.
 */
export const PRICE_LIST: PriceList = {
  asOf: "2026-11-22",
  baseUsd: 5,
  workerRequests: { included: 10e6, usdPerMillion: 0.3 },
  workerCpuMs: { included: 30e6, usdPerMillion: 0.02 },
  objectRequests: { included: 1e6, usdPerMillion: 0.15 },
  objectGbSeconds: { included: 400e3, usdPerMillion: 12.5 },
  d1RowsRead: { included: 25e9, usdPerMillion: 0.001 },
  d1RowsWritten: { included: 50e6, usdPerMillion: 1 },
  objectRowsWritten: { included: 50e6, usdPerMillion: 1 },
  kvReads: { included: 10e6, usdPerMillion: 0.5 },
};

export function toUsd(used: number, { included, usdPerMillion }: Rate): number {
  return (Math.max(0, used - included) / 1e6) * usdPerMillion;
}
