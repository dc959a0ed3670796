import { z } from "zod";

/** The API writes times as RFC 3339; here they are Unix milliseconds. */
const time = z.iso.datetime().transform((text) => Date.parse(text));

/** What the smoke run looks at of the rebuilder's status. */
const tickSchema = z.object({
  tickId: z.string(),
  trigger: z.string(),
  startedAt: time,
  durationMs: z.number(),
  rotation: z.number(),
  epoch: z.number().nullable(),
  version: z.number().nullable(),
  agents: z.number(),
  failed: z.number(),
  subrequests: z.number(),
  cursorAfter: z.string(),
  outcome: z.string(),
  error: z.string().nullable(),
});

export const statusSchema = z.object({
  state: z.string(),
  now: time,
  alarmAt: time.nullable(),
  alarmOverdueMs: z.number(),
  watchdogRearms: z.number(),
  epoch: z.number(),
  rotation: z.object({ number: z.number() }),
  ticks: z.array(tickSchema), // newest first
  publication: z.object({ version: z.number() }).nullable(),
  rowCounts: z.object({ agents: z.number(), balances: z.number(), agentsCovered: z.number() }).nullable(),
});

export type Status = z.output<typeof statusSchema>;
export type Tick = z.output<typeof tickSchema>;
