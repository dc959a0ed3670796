import { parseArgs } from "node:util";
import { BadInput } from "@standings/upstream-sim/bad-input";

export const COMMANDS = ["status", "tick", "pause", "resume", "reset", "accept", "actions"] as const;
export type Command = (typeof COMMANDS)[number];

const DEFAULT_URL = "http://127.0.0.1:8787";

export const USAGE = `usage: npm run ops -- COMMAND [options]

Commands
  status            where the rebuild stands, what is wrong, and what happens next
  tick              run one tick now, or join the running one [--reason TEXT]
  pause             stop starting ticks [--until TIME] [--reason TEXT]
  resume            end the pause [--reason TEXT]
  reset             begin a new rotation at the next tick; nothing stored is deleted [--reason TEXT]
  accept            release a hold that status shows: --id ID [--reason TEXT]
  actions           what operators did, newest first [--limit N]

Options
  --url URL         where the API is (${DEFAULT_URL})
  --json            print the answer as it comes
  --watch           with status, tick, resume and reset: follow the rotation until it ends
  --until TIME      end of the pause: 2027-01-31T12:00:00Z, or 30m, 2h, 1d from now
  --reason TEXT     why, for whoever reads the status and the audit log
  --id ID           the hold to release
  --limit N         how many actions (50)

The token is read from the environment variable ADMIN_TOKEN.
Exit code: 0 done, 1 refused, failed or not reached, 2 wrong usage.`;

export interface OpsOptions {
  command: Command;
  /** Without a slash at the end. */
  url: string;
  token: string;
  json: boolean;
  watch: boolean;
  /** The body of the command. */
  body: { until?: string; reason?: string; id?: string } | undefined;
  /** How many actions to list; undefined = as many as the API finds right. */
  limit: number | undefined;
}

/** Throws a BadInput, in one line, on anything that cannot be meant. */
export function parseOpsArguments(args: readonly string[], env: NodeJS.ProcessEnv, nowMs: number): OpsOptions {
  const { values, positionals } = parse(args);
  const [name, ...rest] = positionals;
  const command = COMMANDS.find((known) => known === name);
  if (!command) throw new BadInput(`${name === undefined ? "no command" : `unknown command ${name}`}: use ${LIST}`);
  if (rest.length > 0) throw new BadInput(`what is ${rest.join(" ")}? ${command} takes options only`);
  const refuse = (option: keyof typeof values, allowed: readonly Command[]) => {
    if (values[option] === undefined || allowed.includes(command)) return;
    throw new BadInput(`--${option} does not go with ${command}, only with ${allowed.join(", ")}`);
  };
  refuse("watch", ["status", "tick", "resume", "reset"]);
  refuse("until", ["pause"]);
  refuse("reason", ["tick", "pause", "resume", "reset", "accept"]);
  refuse("id", ["accept"]);
  refuse("limit", ["actions"]);
  if (values.watch && values.json) throw new BadInput("--watch and --json exclude each other");
  if (command === "accept" && !values.id) throw new BadInput("accept needs --id with the id that status shows");
  const { reason, id } = values;
  const until = values.until === undefined ? undefined : parseUntil(values.until, nowMs);
  return {
    command,
    url: parseUrl(values.url ?? DEFAULT_URL),
    token: parseToken(env.ADMIN_TOKEN),
    json: values.json ?? false,
    watch: values.watch ?? false,
    body: until || reason || id ? { ...(until && { until }), ...(reason && { reason }), ...(id && { id }) } : undefined,
    limit: values.limit === undefined ? undefined : parseLimit(values.limit),
  };
}

const LIST = `${COMMANDS.slice(0, -1).join(", ")} or ${COMMANDS.at(-1)}`;

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        url: { type: "string" },
        json: { type: "boolean" },
        watch: { type: "boolean" },
        until: { type: "string" },
        reason: { type: "string" },
        id: { type: "string" },
        limit: { type: "string" },
      },
    });
  } catch (error) {
    const [sentence] = (error instanceof Error ? error.message : String(error)).split(". "); // what follows is about node
    throw new BadInput(sentence ?? "unknown arguments");
  }
}

function parseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username) {
    throw new BadInput(`--url: "${text}" is not a base URL such as https://standings.example.com`);
  }
  return text.replace(/\/+$/, "");
}

const MAX_LIMIT = 500; // of the API

function parseLimit(text: string): number {
  const limit = Number(text);
  if (/^[1-9]\d*$/.test(text) && limit <= MAX_LIMIT) return limit;
  throw new BadInput(`--limit: "${text}" is not a whole number from 1 to ${MAX_LIMIT}`);
}

const UNIT_MS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** As RFC 3339. */
function parseUntil(text: string, nowMs: number): string {
  const [, amount, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (amount && unit) return new Date(nowMs + Number(amount) * (UNIT_MS[unit] ?? 0)).toISOString();
  const time = Date.parse(text);
  if (Number.isNaN(time) || !/^\d{4}-\d\d-\d\dT.+(?:Z|[+-]\d\d:\d\d)$/i.test(text)) {
    throw new BadInput(`--until: "${text}" is neither a time like 2027-01-31T12:00:00Z nor a span like 30m, 2h or 1d`);
  }
  return new Date(time).toISOString();
}

/** The value itself is never repeated. */
function parseToken(token: string | undefined): string {
  if (!token) throw new BadInput("ADMIN_TOKEN is not set in the environment");
  if (!/^[A-Za-z0-9._~+/=-]{1,512}$/.test(token)) throw new BadInput("ADMIN_TOKEN has characters that no token has");
  return token;
}

/** Whether the token would cross a network where anyone can read it. */
export function isReadableOnTheWay(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && !/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}
