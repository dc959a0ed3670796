import {
  type Attempt,
  describeFailure,
  fetchBitcoinBalance,
  fetchStacksBalances,
  type Http,
  type Lane,
  type LaneBalances,
  MAX_CONNECTIONS,
} from "@standings/balances";
import type { RosterPlace } from "@standings/db";
import { afterBad, afterGood, type LaneMemory, rest } from "../safeguards/lane-health.ts";
import { LANE_HOSTS } from "./chunk.ts";
import type { LanePlan } from "./plan.ts";
import type { Tick } from "./tick.ts";

/** Of the six connections, while the other lane has agents left too. */
const SHARED_CONNECTIONS = MAX_CONNECTIONS / 2;

/** An agent that was asked: answered, or failed by itself. */
export interface AgentAnswer {
  agent: RosterPlace;
  attempt: Exclude<Attempt<LaneBalances>, { kind: "postponed" }>;
  at: number; // Unix milliseconds
}

export interface LaneAnswers {
  memory: LaneMemory;
  /** In order, from the first on without a gap; whoever comes after was left out, and comes first next time. */
  asked: AgentAnswer[];
  stoppedBy: string | null; // why somebody was left out
}

export interface LaneTurnDeps {
  tick: Tick;
  http: Http;
  deadline: AbortSignal;
}

/** One lane's turn: its answers, and its health as they come in. */
export class LaneTurn {
  readonly #lane: Lane;
  readonly #plan: LanePlan;
  readonly #deps: LaneTurnDeps;
  readonly #answers: (AgentAnswer | undefined)[];
  readonly #hostsFault = new Set<number>();
  #memory: LaneMemory;
  #stoppedBy: string | null = null;
  #next = 0;

  constructor(lane: Lane, plan: LanePlan, deps: LaneTurnDeps) {
    this.#lane = lane;
    this.#plan = plan;
    this.#deps = deps;
    this.#answers = plan.agents.map(() => undefined);
    this.#memory = plan.memory;
  }

  /** @param drained called when no agent is left to begin with; the other lane then has all connections */
  async ask(drained: () => void, otherIsDrained: Promise<void>): Promise<LaneAnswers> {
    if (this.#plan.sample) await this.#fetch(this.#plan.sample);
    await this.#probe();
    const own = () => this.#work().then(drained);
    const lent = () => otherIsDrained.then(() => this.#work());
    const workers = Array.from({ length: MAX_CONNECTIONS }, (_, index) =>
      index < SHARED_CONNECTIONS ? own() : lent(),
    );
    await Promise.all(workers);
    const asked = this.#toAsked();
    return { memory: this.#memory, asked, stoppedBy: asked.length < this.#answers.length ? this.#stoppedBy : null };
  }

  /** One agent at a time until one is answered: the one at the cursor first, then others from anywhere. */
  async #probe(): Promise<void> {
    const { probes, agents } = this.#plan;
    for (const agent of probes) {
      if (this.#memory.health !== "probing" || this.#isStopped()) return;
      const answer = await this.#askAgent(agent);
      const index = agents.findIndex(({ stxAddress }) => stxAddress === agent.stxAddress);
      if (answer?.attempt.kind === "fetched" && index >= 0) this.#answers[index] = answer;
    }
    if (this.#memory.health !== "probing" || probes.length === 0) return;
    const why = this.#memory.why ?? "no probe was answered";
    this.#memory = rest(this.#memory, why, this.#toRestMs(), this.#deps.tick.now());
  }

  async #work(): Promise<void> {
    while (!this.#isStopped()) {
      const index = this.#next++;
      const agent = this.#plan.agents[index];
      if (!agent || this.#answers[index]) continue; // a probe has asked this one already
      const answer = await this.#askAgent(agent);
      this.#answers[index] = answer;
      if (answer?.attempt.kind === "failed" && this.#memory.health !== "well") this.#hostsFault.add(index);
    }
  }

  #isStopped(): boolean {
    const { tick, deadline } = this.#deps;
    if (this.#next >= this.#plan.agents.length || this.#stoppedBy !== null) return true;
    if (this.#memory.health === "resting") this.#stoppedBy = `the lane rests: ${this.#memory.why}`;
    else if (tick.gates.isClosed(LANE_HOSTS[this.#lane])) this.#stoppedBy = "the host's gate is closed";
    else if (tick.budget.left < 1) this.#stoppedBy = "budget";
    else if (deadline.aborted) this.#stoppedBy = "deadline";
    return this.#stoppedBy !== null;
  }

  /** Asks one agent, and lets the lane's health follow. Undefined when its answer says nothing about it. */
  async #askAgent(agent: RosterPlace): Promise<AgentAnswer | undefined> {
    const { tick } = this.#deps;
    if (this.#plan.skipped.has(agent.stxAddress)) {
      return { agent, attempt: { kind: "failed", reason: "unfinished" }, at: tick.now() };
    }
    const attempt = await this.#fetch(agent);
    const at = tick.now();
    if (attempt.kind === "postponed") {
      this.#stoppedBy ??= attempt.reason;
      return undefined;
    }
    this.#memory =
      attempt.kind === "fetched"
        ? afterGood(this.#memory, agent.stxAddress, at)
        : afterBad(this.#memory, agent.stxAddress, describeFailure(attempt), this.#toRestMs(), at);
    return { agent, attempt, at };
  }

  #fetch({ stxAddress, btcAddress }: RosterPlace): Promise<Attempt<LaneBalances>> {
    const { http, tick } = this.#deps;
    if (this.#lane === "stacks") return fetchStacksBalances(http, tick.routes, stxAddress);
    return fetchBitcoinBalance(http, btcAddress);
  }

  /** Counted from the tick's start, like the interval: the tick that comes when the rest is over must find it over. */
  #toRestMs(): number {
    const { tick } = this.#deps;
    return Math.max(0, tick.startedAt + tick.deps.config.idleMs - tick.now());
  }

  /** The ten failures that began a rest, and what failed while it lasted, are the host's: those agents come next time. */
  #toAsked(): AgentAnswer[] {
    const { skipped } = this.#plan;
    const streak = this.#memory.health === "well" ? [] : this.#memory.streak;
    const asked: AgentAnswer[] = [];
    for (const [index, answer] of this.#answers.entries()) {
      if (!answer) break;
      const { stxAddress } = answer.agent;
      const isFailed = answer.attempt.kind === "failed";
      const isHosts = this.#hostsFault.has(index) || (isFailed && streak.includes(stxAddress));
      if (isHosts && !skipped.has(stxAddress)) break;
      asked.push(answer);
    }
    return asked;
  }
}
