import { zodToOpenAPIRegistry } from "@asteasolutions/zod-to-openapi";
import { z } from "@hono/zod-openapi";
import { createStatusSchemas } from "@standings/rebuilder/contract";

const served = createStatusSchemas(z.iso.datetime());

// Named where it stands: .openapi() would name a copy, and the status holds the original.
zodToOpenAPIRegistry.add(served.tickReport, { _internal: { refId: "TickReport" } });

export const statusSchema = served.status.openapi("RebuilderStatus", {
  description: "What the rebuilder is doing. Times are RFC 3339, durations end in Ms.",
});

export const tickAnswerSchema = served.tickReport
  .extend({ joined: z.boolean().openapi({ description: "true: a tick was already running, and this is its report." }) })
  .openapi("TickAnswer");

/** From the RPC's times to those that are served. */
export const toServed = createStatusSchemas(z.number().transform((unixMs) => new Date(unixMs).toISOString()));

const MAX_REASON_CHARACTERS = 200;

const reason = z
  .string()
  .max(MAX_REASON_CHARACTERS, { error: `must have at most ${MAX_REASON_CHARACTERS} characters` })
  .optional()
  .openapi({ description: "Why, for whoever reads the audit log.", example: "upgrade" });

export const actionBodySchema = z.strictObject({ reason }).openapi("Action");

export const pauseBodySchema = z
  .strictObject({
    until: z.iso
      .datetime({ offset: true, abort: true, error: "must be an RFC 3339 time, like 2027-01-31T12:00:00Z" })
      .refine(isWithinAYearAhead, { error: "must be in the future and at most a year ahead" })
      .optional()
      .openapi({
        description: "When the pause ends by itself. Without it, resume ends it.",
        example: "2027-01-31T12:00:00Z",
      }),
    reason,
  })
  .openapi("Pause");

export const acceptBodySchema = z
  .strictObject({ id: z.string({ error: "must be the id that status shows" }).min(1).max(200), reason })
  .openapi("Accept", { example: { id: "roster-41" } });

const YEAR_MS = 366 * 24 * 3_600_000;

function isWithinAYearAhead(text: string): boolean {
  const aheadMs = Date.parse(text) - Date.now();
  return aheadMs > 0 && aheadMs <= YEAR_MS;
}
