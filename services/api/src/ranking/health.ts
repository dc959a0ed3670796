import { z } from "@hono/zod-openapi";

const checkSchema = z.object({ ok: z.boolean(), detail: z.string() });

export const healthSchema = z
  .object({
    status: z.enum(["ok", "stale", "starting", "unreachable"]).openapi({
      description:
        "stale: the newest ranking is older than it should be. starting: none has been published yet. unreachable: the database does not answer.",
    }),
    ageSeconds: z.int().min(0).nullable().openapi({ description: "Of the newest ranking. null: unknown." }),
    version: z.int().min(0).nullable().openapi({ description: "Of the newest ranking. null: unknown." }),
    agents: z.int().min(0).nullable().openapi({ description: "Ranked agents. null: unknown." }),
    checks: z.object({ database: checkSchema, publication: checkSchema, coverage: checkSchema, prices: checkSchema }),
  })
  .openapi("Health");

export type Health = z.infer<typeof healthSchema>;
