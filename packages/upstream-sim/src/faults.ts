import { parseInput } from "./bad-input.ts";
import { type FaultRule, type FaultRuleInput, faultRulesSchema } from "./fault-rules.ts";
import type { Host } from "./hosts.ts";
import { toUnit } from "./random.ts";

export type RuleState = FaultRule & { matched: number; fired: number };

export interface Faults {
  /** Replaces all rules, their counters included. Throws a BadInput and changes nothing when one is malformed. */
  set(rules: readonly FaultRuleInput[]): void;
  list(): RuleState[];
  /** Decides about one call, and counts it. The first rule that fires wins. */
  pick(host: Host, path: string): FaultRule | undefined;
}

interface ActiveRule {
  rule: FaultRule;
  regex: RegExp | undefined;
  matched: number;
  fired: number;
  attempts: Map<string, number>;
}

export function createFaults(seed: string): Faults {
  let active: ActiveRule[] = [];
  return {
    set(rules) {
      active = parseInput(faultRulesSchema, rules, "faults").map((rule) => ({
        rule,
        regex: rule.pathRegex === undefined ? undefined : new RegExp(rule.pathRegex),
        matched: 0,
        fired: 0,
        attempts: new Map(),
      }));
    },
    list() {
      return active.map(({ rule, matched, fired }) => ({ ...rule, matched, fired }));
    },
    pick(host, path) {
      const firing = active.filter((entry) => isMatch(entry, host, path)).filter((entry) => isDue(entry, seed, path));
      const first = firing[0];
      if (first) first.fired += 1;
      return first?.rule;
    },
  };
}

function isMatch({ rule, regex }: ActiveRule, host: Host, path: string): boolean {
  if (rule.host !== undefined && rule.host !== host) return false;
  if (rule.pathPrefix !== undefined && !path.startsWith(rule.pathPrefix)) return false;
  return regex?.test(path) ?? true;
}

function isDue(entry: ActiveRule, seed: string, path: string): boolean {
  const { rule } = entry;
  entry.matched += 1;
  const attempt = (entry.attempts.get(path) ?? 0) + 1;
  entry.attempts.set(path, attempt);
  const call = entry.matched - (rule.afterCalls ?? 0);
  if (call < 1) return false;
  if (rule.everyCalls !== undefined && call % rule.everyCalls !== 0) return false;
  if (rule.times !== undefined && entry.fired >= rule.times) return false;
  return rule.rate === 1 || toUnit(seed, rule.kind, path, attempt) < rule.rate;
}
