import { z } from "zod";
import { HOSTS } from "./hosts.ts";
import { pinnedBitcoinSchema, pinnedStacksSchema } from "./set-holdings.ts";

const where = {
  host: z.enum(HOSTS).optional(),
  /** Against the path under the host's base URL. */
  pathPrefix: z.string().startsWith("/").optional(),
  pathRegex: z.string().refine(isRegex, "is not a regular expression").optional(),
};

const when = {
  /** Share of the matching calls; which ones follows from the seed, the path and the attempt. */
  rate: z.number().min(0).max(1).default(1),
  /** Only after this many matching calls. */
  afterCalls: z.int().min(0).optional(),
  /** Only every nth matching call. */
  everyCalls: z.int().min(1).optional(),
  /** At most so often. */
  times: z.int().min(1).optional(),
};

function kind<K extends string, T extends z.core.$ZodShape>(name: K, parameters: T) {
  return z.strictObject({ kind: z.literal(name), ...where, ...when, ...parameters });
}

const retryAfter = z.string().optional();

const faultRuleSchema = z.discriminatedUnion("kind", [
  kind("429", { retryAfter }),
  kind("5xx", { status: z.int().min(500).max(599).default(503), retryAfter }),
  /** Never answers. */
  kind("timeout", {}),
  /** Headers at once, the body in drops. */
  kind("slow-body", { overMs: z.int().min(1).max(600_000).default(20_000) }),
  kind("truncated-json", {}),
  kind("html-200", {}),
  /** The right shape with strings for numbers and numbers for strings. */
  kind("wrong-types", {}),
  /** The endpoint has been retired. */
  kind("410", {}),
  /** The router does not know the path. */
  kind("404", {}),
  /** The socket is destroyed before any answer. */
  kind("reset", {}),
  /** A valid answer, padded with white space to this size. */
  kind("huge-body", {
    bytes: z
      .int()
      .min(1)
      .max(1 << 28)
      .default(4 << 20),
  }),
  /** To the same path, which then answers: a client that follows is told so by the log. */
  kind("redirect", { location: z.string().min(1).optional() }),
  kind("empty", {}),
  kind("custom", {
    status: z.int().min(200).max(599),
    body: z.string(),
    contentType: z.string().default("application/json; charset=utf-8"),
    retryAfter,
  }),
  /** A well-formed answer, as if these were not held. Other hosts and routes still know them. */
  kind("forgets", {
    what: z.array(z.enum(["stx", "tokens", "btc"])).min(1),
    /** Of the tokens only these, by asset identifier. */
    assets: z.array(z.string()).optional(),
    /** Only what these hold. */
    addresses: z.array(z.string()).optional(),
  }),
  /** A well-formed answer that sees other holdings, by address, than everybody else. */
  kind("other-holdings", { holdings: z.record(z.string(), z.union([pinnedStacksSchema, pinnedBitcoinSchema])) }),
]);

export const faultRulesSchema = z.array(faultRuleSchema);

/** What a caller writes; defaults may be left out. */
export type FaultRuleInput = z.input<typeof faultRuleSchema>;
export type FaultRule = z.output<typeof faultRuleSchema>;

function isRegex(source: string): boolean {
  try {
    new RegExp(source);
    return true;
  } catch {
    return false;
  }
}
