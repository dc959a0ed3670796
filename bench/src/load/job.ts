/** Load on one address. Closed loop: each connection sends its next request when the last one is answered. */
export interface LoadJob {
  url: string;
  headers: Record<string, string>;
  connections: number;
  /** Absent = until every path was asked for once. */
  seconds?: number;
  /** Asked for one after the other, each by one connection; absent = the address' own path again and again. */
  paths?: readonly string[];
  expectedStatus: number;
}

export interface LoadResult {
  requests: number;
  seconds: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  /** Bytes of an answer, headers included, on average. */
  bytesPerAnswer: number;
  /** Failed, timed out or answered with another status. */
  errors: number;
  /** CPU time of the generator: near the whole of the run, it is what limits the result. */
  generatorCpuMs: number;
}
