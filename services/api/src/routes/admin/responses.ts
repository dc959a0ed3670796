import type { z } from "@hono/zod-openapi";
import { toProblemResponses } from "../../http/problem.ts";
import type { ProblemCode } from "../../http/problem-codes.ts";
import { actionBodySchema } from "./schema.ts";

export const operatorRoute = { tags: ["Operations"], security: [{ operator: [] as string[] }] };

/** An action that needs no body, and takes the operator's reason. */
export const reasonBody = {
  required: false,
  content: { "application/json": { schema: actionBodySchema, example: { reason: "upgrade" } } },
};

/** The answers of every route that asks the rebuilder, with the problems of this one. */
export function toResponses<Schema extends z.ZodType>(description: string, schema: Schema, ...codes: ProblemCode[]) {
  return {
    200: { description, content: { "application/json": { schema } } },
    ...toProblemResponses(
      "invalid-request",
      "unauthorized",
      "too-many-attempts",
      ...codes,
      "internal",
      "rebuilder-unavailable",
      "admin-not-configured",
    ),
  };
}

/** Only what was said: an empty reason is none. */
export function toOptions({ reason }: { reason?: string | undefined }): { reason?: string } {
  return reason ? { reason } : {};
}
