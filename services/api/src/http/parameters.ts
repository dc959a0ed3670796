import { z } from "@hono/zod-openapi";
import { isStacksAddress, parseBitcoinAddress } from "@standings/balances";
import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "../env.ts";
import { type InputError, problem } from "./problem.ts";

/** The query of a route that takes none: an unknown parameter would be a new key in the edge cache. */
export const noQuery = z.strictObject({});

const WHOLE_NUMBER = /^(?:0|[1-9]\d{0,15})$/;

/** A whole number in its one canonical spelling: `01`, `1.0` and `1e2` are refused. */
export function integerParameter(options: {
  minimum: number;
  maximum: number;
  default?: number;
  description: string;
  example: number;
}) {
  const { minimum, maximum } = options;
  return z
    .string()
    .transform((text, context) => {
      const value = WHOLE_NUMBER.test(text) ? Number(text) : Number.NaN;
      if (value >= minimum && value <= maximum) return value;
      context.addIssue({
        code: "custom",
        message: `must be a whole number from ${minimum} to ${maximum}, in plain digits`,
      });
      return z.NEVER;
    })
    .openapi({ type: "integer", ...options });
}

export interface AgentAddress {
  chain: "stacks" | "bitcoin";
  address: string; // canonical: bech32 in lower case
}

export function addressParameter(description: string) {
  return z
    .string()
    .transform((text, context): AgentAddress => {
      if (isStacksAddress(text)) return { chain: "stacks", address: text };
      const bitcoin = parseBitcoinAddress(text);
      if (bitcoin !== undefined) return { chain: "bitcoin", address: bitcoin };
      context.addIssue({ code: "custom", message: "must be a mainnet Stacks address (SP… or SM…) or Bitcoin address" });
      return z.NEVER;
    })
    .openapi({ type: "string", description, example: "SP2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKNRV9EJ7" });
}

/**
 * Refuses repeated parameters, and names that the parsed query cannot hold (`__proto__`), which no schema would see.
 * Each would be a new key in the edge cache.
 */
export const refuseAmbiguousQuery: MiddlewareHandler<AppEnv> = async (c, next) => {
  const names = [...new URL(c.req.url).searchParams.keys()];
  const parsed = c.req.query();
  const errors = [...new Set(names)].flatMap((name): InputError[] => {
    if (names.indexOf(name) !== names.lastIndexOf(name))
      return [{ parameter: name, detail: "is given more than once" }];
    return Object.hasOwn(parsed, name) ? [] : [{ parameter: name, detail: "is not known here" }];
  });
  if (errors.length > 0) throw problem("invalid-request", { errors });
  await next();
};
