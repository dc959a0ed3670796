import { z } from "zod";

/** How long an answer is kept back, drawn anew for every call. */
export interface LatencyRange {
  minMs: number;
  maxMs: number;
}

export const latencySchema = z
  .strictObject({ minMs: z.number().min(0), maxMs: z.number().min(0).max(600_000) })
  .refine(({ minMs, maxMs }) => minMs <= maxMs, "minMs must not be above maxMs");
