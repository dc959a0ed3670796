import { BadInput, parseInput } from "../bad-input.ts";
import { type FaultRuleInput, faultRulesSchema } from "../fault-rules.ts";
import type { LatencyRange } from "./latency.ts";
import type { UpstreamOptions } from "./server.ts";

/** Enough that calls overlap as they do in the field, little enough that a rotation takes seconds. */
const DEFAULT_LATENCY: LatencyRange = { minMs: 5, maxMs: 60 };

/**
 * UPSTREAM_PORT, UPSTREAM_SEED, UPSTREAM_STEP_SECONDS, UPSTREAM_LATENCY_MS ("20" or "5-60"), UPSTREAM_FAULTS (a JSON
 * array of rules) and REPLAY_DIR. Throws a BadInput that names the variable.
 */
export function parseUpstreamEnv(env: NodeJS.ProcessEnv): UpstreamOptions {
  return {
    port: parseInteger(env, "UPSTREAM_PORT", 0, 65_535) ?? 0,
    seed: env.UPSTREAM_SEED || "standings",
    stepSeconds: parseInteger(env, "UPSTREAM_STEP_SECONDS", 1, 86_400) ?? 10,
    latency: parseLatency(env.UPSTREAM_LATENCY_MS),
    faults: parseFaults(env.UPSTREAM_FAULTS),
    ...(env.REPLAY_DIR ? { replayDir: env.REPLAY_DIR } : {}),
  };
}

/** Undefined when the variable is unset or empty. */
export function parseInteger(env: NodeJS.ProcessEnv, name: string, min: number, max: number): number | undefined {
  const text = env[name]?.trim();
  if (!text) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new BadInput(`${name}: "${text}" is not a whole number from ${min} to ${max}`);
  }
  return value;
}

function parseLatency(text: string | undefined): LatencyRange {
  if (!text) return DEFAULT_LATENCY;
  const match = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(text.trim());
  const minMs = Number(match?.[1]);
  const maxMs = Number(match?.[2] ?? match?.[1]);
  if (!match || minMs > maxMs) throw new BadInput(`UPSTREAM_LATENCY_MS: "${text}" is not like 20 or 5-60`);
  return { minMs, maxMs };
}

function parseFaults(text: string | undefined): FaultRuleInput[] {
  if (!text) return [];
  let rules: unknown;
  try {
    rules = JSON.parse(text);
  } catch {
    throw new BadInput("UPSTREAM_FAULTS: not JSON");
  }
  return parseInput(faultRulesSchema, rules, "UPSTREAM_FAULTS");
}
