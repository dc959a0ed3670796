/** What proves a guard: a simulated run, or tests in workerd chosen by file and title. */
export type Proof = { sim: number } | { test: string; title?: string };

export interface Guard {
  name: string;
  /** Below the top of the repository. */
  file: string;
  /** The exact text that is the guard, and what stands there without it. */
  find: string;
  replace: string;
  proof: Proof;
}

const REBUILDER = "services/rebuilder/src";
const BALANCES = "packages/balances/src/clients";

/** Each guard that keeps the board true and the rebuild alive. Without any one of them some test must fail. */
export const GUARDS: Guard[] = [
  {
    name: "single flight: one tick at a time",
    file: `${REBUILDER}/rebuild.ts`,
    find: "running ??= runOneTick",
    replace: "running = runOneTick",
    proof: { sim: 2_000 },
  },
  {
    name: "fence: an epoch is committed once",
    file: "packages/db/src/queries/tick-commit.ts",
    find: 'db.insertInto("tick_commits").values(commit).compile()',
    replace: 'db.replaceInto("tick_commits").values(commit).compile()',
    proof: { test: "test/run-tick.test.ts", title: "the commit" },
  },
  {
    name: "fence: an unclear end is looked up before it is repeated",
    file: `${REBUILDER}/commit-chunk.ts`,
    find: 'if (owner === tickId) return { kind: "committed" };',
    replace: "",
    proof: { test: "test/run-tick.test.ts", title: "the commit" },
  },
  {
    name: "clamp: an alarm is at least a second ahead",
    file: `${REBUILDER}/schedule.ts`,
    find: "nowMs + Math.max(MIN_ALARM_AHEAD_MS, Math.round(delayMs))",
    replace: "nowMs + Math.round(delayMs)",
    proof: { test: "src/schedule.test.ts" },
  },
  {
    name: "clamp: Retry-After stays between a second and an hour",
    file: `${BALANCES}/retry-after.ts`,
    find: "nowMs + Math.min(MAX_RETRY_AFTER_MS, Math.max(MIN_RETRY_AFTER_MS, delayMs))",
    replace: "nowMs + delayMs",
    proof: { test: "../../packages/balances" },
  },
  {
    name: "watchdog: the alarm is set before anything else of a tick",
    file: `${REBUILDER}/rebuild.ts`,
    find: "await storage.setAlarm(toAlarmTime(startedAt, getIntervals().watchdogMs));",
    replace: "",
    proof: { test: "test/dashboard-rebuild-do.test.ts", title: "watchdog" },
  },
  {
    name: "cron and RPC repair a lost alarm",
    file: `${REBUILDER}/schedule.ts`,
    find: "alarmAt === null || alarmAt < nowMs - watchdogMs ||",
    replace: "alarmAt !== null && alarmAt < nowMs - watchdogMs ||",
    proof: { sim: 2_000 },
  },
  {
    name: "cron and RPC repair an overdue alarm",
    file: `${REBUILDER}/schedule.ts`,
    find: "alarmAt === null || alarmAt < nowMs - watchdogMs ||",
    replace: "alarmAt === null ||",
    proof: { sim: 2_000 },
  },
  {
    name: "cron and RPC repair an alarm that a clock left too far ahead",
    file: `${REBUILDER}/schedule.ts`,
    find: " || alarmAt > nowMs + longestMs + watchdogMs",
    replace: "",
    proof: { sim: 10 },
  },
  {
    name: "an alarm that throws is caught and set again",
    file: `${REBUILDER}/rebuild.ts`,
    find: `log("error", "tick.failed", { error: describeError(error) });
        await rearmAfterFailure();
      }`,
    replace: `log("error", "tick.failed", { error: describeError(error) });
        throw error;
      }`,
    proof: { test: "test/dashboard-rebuild-do.test.ts", title: "however often" },
  },
  {
    name: "the lock's callback never throws",
    file: `${REBUILDER}/run-tick.ts`,
    find: `    } catch (error) {
      bug = error;
    }
  });`,
    replace: `    } catch (error) {
      throw error;
    }
  });`,
    proof: { test: "sim/hung-tick.test.ts" },
  },
  {
    name: "schema: an amount is the digits of a uint128",
    file: "packages/balances/src/amount.ts",
    find: "!DECIMAL_DIGITS.test(text)",
    replace: "text === undefined",
    proof: { test: "../../packages/balances" },
  },
  {
    name: "schema: an answer is checked before it counts",
    file: `${BALANCES}/mempool.ts`,
    find: "if (rawAmount < 0n || rawAmount > MAX_SATOSHI) return",
    replace: "if (false) return",
    proof: { sim: 2_000 },
  },
  {
    name: "last good: a failure writes no balance",
    file: "packages/db/src/queries/tick-commit.ts",
    find: `fetches.push({ agent, source, at, error: answer.error, leftOut: null });
      continue;`,
    replace: `fetches.push({ agent, source, at, error: answer.error, leftOut: null });
      good.push({ agent, source, provider, at });
      continue;`,
    proof: { test: "test/run-tick.test.ts", title: "what is stored" },
  },
  {
    name: "last good: a failure keeps the time of the last good answer",
    file: "packages/db/src/queries/tick-commit.ts",
    find: "stacks_good_at = coalesce(excluded.stacks_good_at, stacks_good_at)",
    replace: "stacks_good_at = excluded.stacks_good_at",
    proof: { test: "test/model-database.test.ts" },
  },
  {
    name: "pending: an agent is ranked only when every source has answered",
    file: "packages/db/src/queries/publish.ts",
    find: "f.stacks_good_at IS NOT NULL AND f.bitcoin_good_at IS NOT NULL`;",
    replace: "f.stacks_good_at IS NOT NULL`;",
    proof: { test: "test/run-tick.test.ts", title: "who is ranked" },
  },
  {
    name: "budget: no call past the tick's subrequests",
    file: `${BALANCES}/http.ts`,
    find: 'if (budget.left < 1) return { kind: "postponed", reason: "budget" };',
    replace: "",
    proof: { test: "../../packages/balances" },
  },
  {
    name: "budget: the chunk is planned to fit",
    file: `${REBUILDER}/plan-chunk.ts`,
    find: "Math.max(1, Math.min(limits.chunkSize, affordable))",
    replace: "limits.chunkSize",
    proof: { test: "test/run-tick.test.ts", title: "v3" },
  },
  {
    name: "budget: a month's calls are not exceeded",
    file: `${BALANCES}/hosts.ts`,
    find: "if (toCallsLeft(host.state.use, monthlyBudgets[name], nowMs) < 1) {",
    replace: "if (false) {",
    proof: { test: "../../packages/balances" },
  },
  {
    name: "pool: six calls at a time",
    file: `${REBUILDER}/fetch-chunk.ts`,
    find: "export const POOL_SIZE = 6;",
    replace: "export const POOL_SIZE = 12;",
    proof: { sim: 500 },
  },
  {
    name: "breaker: a host that said 429 is left alone until its time",
    file: `${BALANCES}/hosts.ts`,
    find: 'if (host.state.breaker === "open" || host.probing) return false;',
    replace: "if (host.probing) return false;",
    proof: { test: "../../packages/balances" },
  },
  {
    name: "breaker: a probe comes before the others",
    file: `${REBUILDER}/fetch-chunk.ts`,
    find: "while (next < agents.length && isProbing(standing, deps.hosts) && !isStopped(deps)) await takeNext();",
    replace: "",
    proof: { test: "test/run-tick.test.ts", title: "blames" },
  },
  {
    name: "pass by: a stopped host does not stop the other source",
    file: `${BALANCES}/breaker.ts`,
    find: 'return host.breaker !== "closed" && host.blockedTicks >= BLOCKED_TICKS_TO_PASS_BY;',
    replace: "return false;",
    proof: { test: "test/run-tick.test.ts", title: "passes by" },
  },
  {
    name: "not attempted is not failed: whoever was left out comes first",
    file: `${REBUILDER}/fetch-chunk.ts`,
    find: 'if (!fetch || SOURCES.some((source) => fetch.attempts[source].kind === "postponed")) break;',
    replace: "if (!fetch) continue;",
    proof: { sim: 2_000 },
  },
  {
    name: "a broken host's failures are not its agents'",
    file: `${REBUILDER}/fetch-chunk.ts`,
    find: "return isHosts ? undefined : fetch;",
    replace: "return fetch;",
    proof: { test: "test/run-tick.test.ts", title: "blames" },
  },
  {
    name: "mass change: what falls for many at once is held back",
    file: `${REBUILDER}/mass-change.ts`,
    find: "fell >= MIN_AGENTS_TO_DISTRUST && fell > of * MAX_FALLEN_SHARE",
    replace: "fell > of",
    proof: { test: "test/run-tick.test.ts", title: "mass-change" },
  },
  {
    name: "mass change: a probe that repeats it is not believed",
    file: `${REBUILDER}/fetch-chunk.ts`,
    find: 'if (verdict !== "repeats") return attempt;',
    replace: "return attempt;",
    proof: { test: "test/run-tick.test.ts", title: "mass-change" },
  },
  {
    name: "cursor: it moves only with the commit",
    file: `${REBUILDER}/run-tick.ts`,
    find: "return { ...ending, state, ...(commit.kind",
    replace:
      "return { ...ending, state: advance(state, { epoch: state.epoch, attempted: 0, lastAttempted: fetches.at(-1)?.agent.stxAddress, endsRotation: false }), ...(commit.kind",
    proof: { sim: 2_000 },
  },
  {
    name: "cursor: D1 is believed when it is ahead",
    file: `${REBUILDER}/rebuild-state.ts`,
    find: "if (progress.epoch === state.epoch) return state;",
    replace: "return { ...state, epoch: progress.epoch };",
    proof: { sim: 4_000 },
  },
  {
    name: "roster: a sudden shrink is not applied",
    file: `${REBUILDER}/roster-source.ts`,
    find: "accepted < known.agents * (1 - MAX_SHRINK)",
    replace: "accepted < 0",
    proof: { test: "test/run-tick.test.ts", title: "the roster" },
  },
  {
    name: "roster: an address is checked to its last character",
    file: "packages/balances/src/address.ts",
    find: "STACKS_MAINNET_VERSIONS.includes(version) && c32address(version, hash) === text",
    replace: "STACKS_MAINNET_VERSIONS.includes(version)",
    proof: { test: "../../packages/balances" },
  },
  {
    name: "prices: one source's word is not enough for a jump",
    file: "packages/balances/src/price.ts",
    find: "if (calm) return { ok: true, price: calm };",
    replace: "return { ok: true, price: calm ?? first };",
    proof: { test: "test/run-tick.test.ts", title: "do not jump" },
  },
  {
    name: "deadline: a hung tick is given up",
    file: `${REBUILDER}/rebuild.ts`,
    find: 'await withDeadline(clock, "the tick", TICK_DEADLINE_MS, tick)',
    replace: "await tick",
    proof: { test: "sim/hung-tick.test.ts" },
  },
  {
    name: "deadline: a hung database call is given up",
    file: `${REBUILDER}/store.ts`,
    find: "return withDeadline(clock, `the database (",
    replace: "if (clock) return run();\n    return withDeadline(clock, `the database (",
    proof: { sim: 1_000 },
  },
  {
    name: "a given-up tick saves nothing any more",
    file: `${REBUILDER}/run-tick.ts`,
    find: 'if (deps.givenUp.aborted) throw new Error("the tick was given up before its commit");',
    replace: "",
    proof: { test: "sim/hung-tick.test.ts" },
  },
  {
    name: "pause: nothing is committed that began inside it",
    file: `${REBUILDER}/rebuild.ts`,
    find: "if (isPaused(control, nowMs)) {",
    replace: "if (false) {",
    proof: { sim: 2_000 },
  },
];
