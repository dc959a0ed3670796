import { z } from "@hono/zod-openapi";
import { PROBLEMS, type ProblemCode } from "./problem-codes.ts";

export const PROBLEM_JSON = "application/problem+json";

export interface InputError {
  parameter?: string;
  pointer?: string; // JSON pointer into the body
  detail: string;
}

export const problemSchema = z
  .object({
    type: z.string().openapi({ description: "A page of this service that explains the problem and its fix." }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().openapi({ description: "The id of the request, for the operator." }),
    errors: z
      .array(
        z.object({
          parameter: z.string().optional().openapi({ description: "Name of the query or path parameter." }),
          pointer: z.string().optional().openapi({ description: "JSON pointer into the body." }),
          detail: z.string(),
        }),
      )
      .optional()
      .openapi({ description: "What is wrong with the input, one entry each." }),
  })
  .openapi("Problem", { description: "RFC 9457 problem details." });

export type Problem = z.infer<typeof problemSchema>;

export interface ProblemExtra {
  detail?: string;
  errors?: InputError[];
  retryAfterSeconds?: number;
}

export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly extra: ProblemExtra;

  constructor(code: ProblemCode, extra: ProblemExtra = {}) {
    super(code);
    this.code = code;
    this.extra = extra;
  }
}

/** The error to throw: `throw problem("version-gone")`. */
export function problem(code: ProblemCode, extra?: ProblemExtra): ProblemError {
  return new ProblemError(code, extra);
}

/** The problem answers of a route, for its OpenAPI description. Typed empty: handlers throw them, never return them. */
export function toProblemResponses(...codes: ProblemCode[]): Record<never, never> {
  const byStatus = Map.groupBy(codes, (code) => PROBLEMS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, sameStatus]) => [
      status,
      {
        description: sameStatus.map((code) => `${PROBLEMS[code].title} (\`${code}\`)`).join("; "),
        content: { [PROBLEM_JSON]: { schema: problemSchema, example: toExample(sameStatus[0] ?? "internal") } },
      },
    ]),
  );
}

function toExample(code: ProblemCode): Problem {
  const { status, title, detail } = PROBLEMS[code];
  return { type: `/problems/${code}`, title, status, detail, instance: "7e3f2a52-1c55-4f0e-9d0c-2f4d1f0f6f11" };
}
