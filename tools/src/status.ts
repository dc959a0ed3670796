import { createStatusSchemas } from "@standings/rebuilder/contract";
import { z } from "zod";

/** The API serves times as RFC 3339; here they are Unix milliseconds. */
const time = z.iso.datetime().transform((text) => Date.parse(text));

/** The rebuilder's status and a tick's report, as the admin routes serve them. */
export const { status: statusSchema, tickReport: tickSchema } = createStatusSchemas(time);

/** What an operator's forced tick answers. */
export const tickAnswerSchema = tickSchema.extend({ joined: z.boolean() });

/** The audit log, newest first. */
export const actionsSchema = z.object({
  actions: z.array(
    z.object({
      at: time,
      action: z.string(),
      subject: z.string().nullable(),
      reason: z.string().nullable(),
      outcome: z.string(),
    }),
  ),
});

export type Status = z.output<typeof statusSchema>;
export type Tick = z.output<typeof tickSchema>;
export type TickAnswer = z.output<typeof tickAnswerSchema>;
export type Action = z.output<typeof actionsSchema>["actions"][number];
