import { HOSTS, type Host } from "../hosts.ts";

export interface Call {
  /** Grows by one with every call, over all hosts. */
  seq: number;
  /** Unix milliseconds. */
  startedAt: number;
  host: Host;
  method: string;
  /** Under the host's base URL. */
  path: string;
  query: string;
  /** Null while under way; 0 = no status was ever sent. */
  status: number | null;
  fault: string | null;
  /** Lower case. The values are not kept: some are secrets. */
  headerNames: string[];
}

export interface HostStats {
  calls: number;
  /** Answers by status. */
  statuses: Record<string, number>;
  faults: Record<string, number>;
  inFlight: number;
  maxInFlight: number;
}

export interface UpstreamStats {
  since: number;
  calls: number;
  inFlight: number;
  /** The greatest number of calls under way at once, over all hosts. */
  maxInFlight: number;
  hosts: Record<Host, HostStats>;
}

export interface StatsKeeper {
  start(call: Omit<Call, "seq" | "startedAt" | "status" | "fault">): OpenCall;
  read(): UpstreamStats;
  /** Answers with the window that ends here. Calls under way stay counted as such. */
  reset(): UpstreamStats;
  /** The calls after this sequence number, oldest first. */
  listCalls(afterSeq: number): Call[];
}

export interface OpenCall {
  call: Call;
  /** Counts the call as under way, from now on. */
  settle(): void;
  finish(status: number): void;
}

const CALLS_KEPT = 20_000;

export function createStats(clock: () => number): StatsKeeper {
  let stats = createWindow(clock());
  let calls: Call[] = [];
  let seq = 0;

  return {
    start(details) {
      seq += 1;
      const call: Call = { ...details, seq, startedAt: clock(), status: null, fault: null };
      calls.push(call);
      if (calls.length > CALLS_KEPT * 1.2) calls = calls.slice(-CALLS_KEPT);
      const host = () => stats.hosts[call.host];
      stats.calls += 1;
      stats.inFlight += 1;
      host().calls += 1;
      host().inFlight += 1;
      let finished = false;
      return {
        call,
        settle() {
          stats.maxInFlight = Math.max(stats.maxInFlight, stats.inFlight);
          host().maxInFlight = Math.max(host().maxInFlight, host().inFlight);
        },
        finish(status) {
          if (finished) return;
          finished = true;
          call.status = status;
          stats.inFlight -= 1;
          host().inFlight -= 1;
          count(host().statuses, String(status));
          if (call.fault) count(host().faults, call.fault);
        },
      };
    },
    read: () => structuredClone(stats),
    reset() {
      const ended = stats;
      stats = createWindow(clock());
      stats.inFlight = stats.maxInFlight = ended.inFlight;
      for (const host of HOSTS) {
        stats.hosts[host].inFlight = stats.hosts[host].maxInFlight = ended.hosts[host].inFlight;
      }
      return ended;
    },
    listCalls: (afterSeq) => calls.filter((call) => call.seq > afterSeq).map((call) => ({ ...call })),
  };
}

function createWindow(since: number): UpstreamStats {
  const hosts = Object.fromEntries(
    HOSTS.map((host) => [host, { calls: 0, statuses: {}, faults: {}, inFlight: 0, maxInFlight: 0 }]),
  ) as unknown as Record<Host, HostStats>;
  return { since, calls: 0, inFlight: 0, maxInFlight: 0, hosts };
}

function count(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
