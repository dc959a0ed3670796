import { createHash } from "node:crypto";
import { basename, isAbsolute, join, resolve } from "node:path";
import { HOSTS, toUrlVar, type UrlVar } from "@standings/upstream-sim";
import { BadInput } from "@standings/upstream-sim/bad-input";
import { parseInteger, parseUpstreamEnv, type UpstreamOptions } from "@standings/upstream-sim/server";

export interface StartOptions {
  port: number;
  /** Where this board's database, objects and logs live. */
  stateDir: string;
  /** True = hosts that are not overridden are the public ones of the config. */
  live: boolean;
  adminToken: string;
  rosterFile: string | undefined;
  /** Base URLs to use instead of the simulated or public ones. */
  overrides: Partial<Record<UrlVar, string>>;
  upstream: UpstreamOptions;
  /** Vars of the rebuilder that differ from its config. */
  vars: Record<string, string>;
  /** Secrets of the rebuilder. */
  secrets: Record<string, string>;
}

/** Seconds, so that a rotation takes seconds and a crash is made good in seconds. Never for public hosts. */
const LOCAL_INTERVALS = {
  ALARM_INTERVAL_ACTIVE_MS: 2_000,
  ALARM_INTERVAL_IDLE_MS: 5_000,
  ALARM_WATCHDOG_MS: 10_000,
  ROSTER_MAX_AGE_MS: 5_000,
};

const DAY_MS = 86_400_000;
const NUMBER_VARS = {
  CHUNK_SIZE: [1, 500],
  SUBREQUEST_BUDGET: [1, 900],
  ALARM_INTERVAL_ACTIVE_MS: [1, DAY_MS],
  ALARM_INTERVAL_IDLE_MS: [1, DAY_MS],
  ALARM_WATCHDOG_MS: [1, DAY_MS],
  ROTATION_TARGET_MS: [1, DAY_MS],
  ROSTER_MAX_AGE_MS: [1, DAY_MS],
  HIRO_MONTHLY_BUDGET: [0, 1e9],
  MEMPOOL_MONTHLY_BUDGET: [0, 1e9],
  BLOCKSTREAM_MONTHLY_BUDGET: [0, 1e9],
  COINGECKO_MONTHLY_BUDGET: [0, 1e9],
  COINBASE_MONTHLY_BUDGET: [0, 1e9],
  FORCED_TICK_SPACING_MS: [0, DAY_MS],
  FORCED_TICKS_PER_DAY: [0, 1e6],
} as const;

const SECRETS = ["HIRO_API_KEY", "COINGECKO_API_KEY"];
export const DEFAULT_ADMIN_TOKEN = "local-admin-token";

/** Throws a BadInput, in one line, on anything that cannot be meant. */
export function parseStartOptions(args: readonly string[], env: NodeJS.ProcessEnv, root: string): StartOptions {
  const unknown = args.find((argument) => argument !== "--live");
  if (unknown !== undefined) throw new BadInput(`unknown argument ${unknown}: there is only --live`);
  const live = args.includes("--live");
  if (live && env.REPLAY_DIR) throw new BadInput("--live and REPLAY_DIR exclude each other");

  const upstream = parseUpstreamEnv(env);
  if (upstream.replayDir !== undefined) upstream.replayDir = resolve(upstream.replayDir);
  const rosterFile = env.ROSTER_FILE ? resolve(env.ROSTER_FILE) : undefined;
  const overrides = parseOverrides(env);
  const options = {
    port: parseInteger(env, "PORT", 1, 65_535) ?? 8_787,
    live,
    adminToken: parseToken(env, "ADMIN_TOKEN") ?? DEFAULT_ADMIN_TOKEN,
    rosterFile,
    overrides,
    upstream,
    vars: parseVars(env, live),
    secrets: Object.fromEntries(
      SECRETS.flatMap((name) => {
        const secret = parseToken(env, name);
        return secret === undefined ? [] : [[name, secret]];
      }),
    ),
  };
  const stateDir = env.STATE_DIR || join(".standings", nameBoard(options));
  return { ...options, stateDir: isAbsolute(stateDir) ? stateDir : resolve(env.STATE_DIR ? "." : root, stateDir) };
}

/** Boards that are fed from different places must never mix, so each has a folder of its own. */
function nameBoard(options: Omit<StartOptions, "stateDir">): string {
  const { live, rosterFile, upstream, overrides } = options;
  const kind = live ? "live" : "simulated";
  const seed = upstream.seed === "standings" ? undefined : upstream.seed;
  const feeds = [upstream.replayDir, rosterFile, seed, ...Object.entries(overrides).flat()].filter((feed) => feed);
  if (feeds.length === 0) return kind;
  const name = upstream.replayDir ?? rosterFile;
  const hash = createHash("sha256").update(JSON.stringify([kind, upstream.replayDir, rosterFile, seed, overrides]));
  return `${name === undefined ? kind : basename(name, ".json")}-${hash.digest("hex").slice(0, 8)}`;
}

function parseOverrides(env: NodeJS.ProcessEnv): StartOptions["overrides"] {
  const overrides: StartOptions["overrides"] = {};
  for (const name of HOSTS.map(toUrlVar)) {
    const text = env[name];
    if (!text) continue;
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username) {
      throw new BadInput(`${name}: "${text}" is not a base URL such as https://api.example.com/v1`);
    }
    overrides[name] = text.replace(/\/+$/, "");
  }
  return overrides;
}

function parseVars(env: NodeJS.ProcessEnv, live: boolean): Record<string, string> {
  const vars: Record<string, string> = {};
  for (const [name, [min, max]] of Object.entries(NUMBER_VARS)) {
    const local = live ? undefined : LOCAL_INTERVALS[name as keyof typeof LOCAL_INTERVALS];
    const value = parseInteger(env, name, min, max) ?? local;
    if (value !== undefined) vars[name] = String(value);
  }
  return vars;
}

/** What a header can carry as it is. The value itself is never repeated. */
function parseToken(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const token = env[name];
  if (!token) return undefined;
  if (!/^[A-Za-z0-9._~+/=-]{1,512}$/.test(token)) {
    throw new BadInput(`${name}: may only have letters, digits and ._~+/=- in it`);
  }
  return token;
}
