import { spawn } from "node:child_process";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { BadInput } from "@standings/upstream-sim/bad-input";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseOpsArguments } from "../src/ops/arguments.ts";
import { formatAgo, formatDuration } from "../src/ops/duration.ts";
import { formatStatus } from "../src/ops/format-status.ts";
import { createScreen } from "../src/ops/screen.ts";
import { type Status, statusSchema } from "../src/ops/status.ts";
import { type StatusAnswer, watchRotation } from "../src/ops/watch.ts";
import { findFreePort } from "../src/start/ports.ts";

const NOW = Date.UTC(2026, 10, 22, 14, 0, 0);
const TOKEN = "s3cret-token";

let server: Server;
let url: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let requests: { method: string; path: string; authorization: string; body: string }[];
beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { method = "", url: path = "", headers } = request;
    requests.push({ method, path, authorization: headers.authorization ?? "", body });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  requests = [];
  answer = (_request, response) => sendJson(response, 200, statusAnswer());
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

describe("the commands", () => {
  it.each([
    ["status", [], "GET", "", ""],
    ["resume", [], "POST", "/resume", ""],
    ["reset", [], "POST", "/reset", ""],
    ["pause", [], "POST", "/pause", ""],
    [
      "pause",
      ["--until", "2027-01-31T12:00:00+01:00", "--reason", "upgrade"],
      "POST",
      "/pause",
      '{"until":"2027-01-31T11:00:00.000Z","reason":"upgrade"}',
    ],
    ["accept", ["--id", "roster-41"], "POST", "/accept", '{"id":"roster-41"}'],
  ])("%s %j sends one request with the token", async (command, args, method, path, body) => {
    const { code, stderr } = await ops([command, ...args]);
    expect([code, stderr]).toEqual([0, ""]);
    const authorization = `Bearer ${TOKEN}`;
    expect(requests).toEqual([{ method, path: `/api/admin/rebuilder${path}`, authorization, body }]);
  });

  it("tick shows the report, and ends with 1 when nothing was committed", async () => {
    answer = (_request, response) => sendJson(response, 200, { ...tickAnswer(), joined: true });
    const committed = await ops(["tick"]);
    expect(committed.stdout).toContain("The tick that was running ended as committed");
    expect(committed.stdout).toContain("100 agents, 2 of them with a failed source");
    answer = (_request, response) =>
      sendJson(response, 200, { ...tickAnswer(), outcome: "commit-failed", error: "the database is locked" });
    const failed = await ops(["tick"]);
    expect(failed.stdout).toContain("ended as commit-failed: the database is locked");
    expect([committed.code, failed.code]).toEqual([0, 1]);
  });

  it("--json prints the answer as it came", async () => {
    const text = JSON.stringify({ ...statusAnswer(), somethingNew: "\u202e" });
    answer = (_request, response) => response.end(text);
    expect(await ops(["status", "--json"])).toEqual({ code: 0, stdout: `${text}\n`, stderr: "" });
  });

  it("join to a base URL with a path", async () => {
    await ops(["status"], { url: `${url}/boards/` });
    expect(requests[0]?.path).toBe("/boards/api/admin/rebuilder");
  });
});

describe("what fails", () => {
  it("by a problem is told with title, detail, what is wrong and request id, and ends with 1", async () => {
    answer = (_request, response) => {
      response.setHeader("retry-after", "12");
      sendJson(response, 429, {
        type: "/problems/tick-too-soon",
        title: "The last forced tick was only just now",
        status: 429,
        detail: "Try again later.",
        instance: "7e3f2a52",
        errors: [{ pointer: "/until", detail: "must be in the future" }],
      });
    };
    const { code, stdout, stderr } = await ops(["tick", "--json"]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr.split("\n")).toEqual([
      "The last forced tick was only just now (429)",
      "Try again later.",
      "  /until: must be in the future",
      "Try again in 12 s.",
      "Request 7e3f2a52",
      "",
    ]);
  });

  it("to be reached is told in one line, and ends with 1", async () => {
    const nobody = `http://127.0.0.1:${await findFreePort()}`;
    const { code, stdout, stderr } = await ops(["status"], { url: nobody });
    expect([code, stdout, stderr]).toEqual([1, "", `cannot reach ${nobody}: nothing listens there\n`]);
  });

  it("to be the API is told as such, and the token does not follow a redirect", async () => {
    answer = (_request, response) => response.writeHead(302, { location: `${url}/elsewhere` }).end();
    expect((await ops(["status"])).stderr).toContain(`sends elsewhere, to ${url}/elsewhere`);
    expect(requests).toHaveLength(1);
    answer = (_request, response) => response.writeHead(502).end("<h1>Bad gateway</h1>");
    const { code, stderr } = await ops(["status"]);
    expect(stderr).toContain("answered 502: <h1>Bad gateway</h1>");
    expect(code).toBe(1);
  });

  it("to have the known shape is told with the place, and --json still prints it", async () => {
    answer = (_request, response) => sendJson(response, 200, { ...statusAnswer(), rotation: null });
    expect(await ops(["status"])).toMatchObject({ code: 1, stderr: expect.stringContaining("(rotation: ") });
    expect(await ops(["status", "--json"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"rotation":null'),
    });
  });

  it("in its usage ends with 2 and sends nothing", async () => {
    const unknown = await ops(["restart"]);
    expect(unknown).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("unknown command restart: use status, "),
    });
    const withoutToken = await ops(["status"], { token: "" });
    expect(withoutToken).toMatchObject({ code: 2, stderr: expect.stringContaining("ADMIN_TOKEN is not set") });
    expect(requests).toEqual([]);
  });

  it("never shows the token", async () => {
    for (const status of [200, 401, 500]) {
      answer = (_request, response) => sendJson(response, status, status === 200 ? statusAnswer() : { title: "No" });
      const { stdout, stderr } = await ops(["status"]);
      expect(stdout + stderr).not.toContain(TOKEN);
    }
  });
});

describe("the arguments", () => {
  it.each<[string, string[], RegExp]>([
    ["no command", [], /^no command: use status, tick, pause, resume, reset or accept$/],
    ["two commands", ["pause", "resume"], /what is resume\?/],
    ["an unknown option", ["status", "--force"], /Unknown option '--force'/],
    ["a token", ["status", "--token", "x"], /Unknown option '--token'/],
    ["an option without its value", ["status", "--url"], /--url/],
    ["a URL of another kind", ["status", "--url", "ftp://x"], /--url: "ftp:\/\/x" is not a base URL/],
    ["a URL with a password", ["status", "--url", "https://u:p@x.example"], /is not a base URL/],
    ["an option of another command", ["tick", "--until", "2h"], /--until does not go with tick, only with pause/],
    ["an id where none is wanted", ["status", "--id", "x"], /--id does not go with status/],
    ["accept without an id", ["accept"], /accept needs --id/],
    ["a day", ["pause", "--until", "2027-01-31"], /--until: "2027-01-31" is neither/],
    ["a time of nowhere", ["pause", "--until", "2027-01-31T12:00:00"], /is neither/],
    ["no time", ["pause", "--until", "tomorrow"], /is neither/],
    ["both kinds of output", ["status", "--json", "--watch"], /exclude each other/],
  ])("refuse %s", (_name, args, reason) => {
    expect(() => parse(args)).toThrow(BadInput);
    expect(() => parse(args)).toThrow(reason);
  });

  it.each([
    ["30m", "2026-11-22T14:30:00.000Z"],
    ["2h", "2026-11-22T16:00:00.000Z"],
    ["1d", "2026-11-23T14:00:00.000Z"],
    ["2026-11-22T15:00:00-01:00", "2026-11-22T16:00:00.000Z"],
  ])("take --until %s as %s", (until, time) => {
    expect(parse(["pause", "--until", until]).body).toEqual({ until: time });
  });

  it("never repeat a token that cannot be one", () => {
    expect(() => parseOpsArguments(["status"], { ADMIN_TOKEN: "two words" }, NOW)).toThrow(/^(?!.*two words)/);
  });
});

describe("the status", () => {
  it("says where things stand", () => {
    const text = show({});
    expect(text).toContain("Rebuilder  idle at https://x.example");
    expect(text).toContain("Next       the tick after SP31 begins, in 1 m 20 s (2026-11-22T14:01:20.000Z)");
    expect(text).toContain("Interval   2 m: upstreams are healthy");
    expect(text).toContain("Rotation   14 [####################----------] 300 of 430 agents, 69.8 %, about 4 m left");
    expect(text).toContain(
      "Board      version 812, epoch 900, 40 s old: 430 ranked (100 %), 2 with a failed source, 0 pending",
    );
    expect(text).toContain(
      "Roster     430 accepted, 5 m old; 430 of 430 covered by 2150 balances; rejected: 2 bad-checksum",
    );
    expect(text).toContain("Prices     btc-l1 98123.5 USD (coingecko, 12 s old)");
    expect(text).toMatch(/40 s ago {2}alarm +900 +812 +100 +2 +0 +199\/201 +206 +1\.3 s {2}committed; a note/);
    expect(text).not.toMatch(/^!|^Held/m);
  });

  it("says which host is broken, since when, by what and until when", () => {
    const text = show({
      upstreams: {
        ...statusAnswer().upstreams,
        mempool: {
          ...upstream(),
          breaker: "open",
          openSince: iso(NOW - 180_000),
          notBefore: iso(NOW + 50_000),
          lastError: "rate-limited",
        },
      },
      intervalReason: "mempool is blocked",
    });
    expect(text).toMatch(/^mempool +open +.*open since 3 m, rate-limited, no call for 50 s$/m);
    expect(text).toContain("mempool is blocked");
  });

  it("says what is held and how to release it", () => {
    const text = show({
      quarantines: [
        {
          id: "quarantine-1a2b",
          host: "hiro",
          source: "stacks",
          tokenId: "stx",
          fell: 30,
          of: 100,
          since: iso(NOW - 300_000),
          release: "if these balances really fell, accept quarantine-1a2b",
        },
      ],
      roster: {
        ...statusAnswer().roster,
        source: "kept",
        problem: "the roster shrank from 430 to 200 agents",
        held: { id: "roster-41", accepted: 200, previous: 430, since: iso(NOW - 60_000) },
      },
    });
    expect(text).toContain("quarantine-1a2b: 30 of 100 agents lost all their stx at hiro, 5 m ago");
    expect(text).toContain("if these balances really fell, accept quarantine-1a2b:");
    expect(text).toContain("npm run ops -- accept --id quarantine-1a2b");
    expect(text).toContain("npm run ops -- accept --id roster-41");
  });

  it("says first what is wrong", () => {
    const text = show({
      paused: { since: iso(NOW - 60_000), until: null, reason: "upgrade" },
      alarmAt: null,
      consecutiveFailures: 3,
      rowCounts: null,
      configProblem: "missing or malformed vars: CHUNK_SIZE",
    });
    expect(text.split("\n").filter((line) => line.startsWith("!"))).toEqual([
      "!          paused 1 m ago, until resume: upgrade",
      "!          missing or malformed vars: CHUNK_SIZE",
      "!          no alarm is set",
      "!          3 ticks in a row did not commit",
      "!          the database does not answer",
    ]);
  });

  it("says so when there is nothing yet", () => {
    const text = show({ ticks: [], publication: null, prices: {}, alarmAt: null });
    for (const words of ["nothing is published yet", "none was ever accepted", "No tick yet."]) {
      expect(text).toContain(words);
    }
  });
});

describe("watching a rotation", () => {
  it("shows each step and ends with the rotation", async () => {
    const steps = [rotation(14, 100), rotation(14, 100), rotation(14, 300), rotation(14, 430)];
    const { code, progress } = await watch(steps.map(asAnswer));
    expect(code).toBe(0);
    expect(progress.map((line) => /\d+ of 430/.exec(line)?.[0])).toEqual(["100 of 430", "300 of 430", "430 of 430"]);
    expect(progress.at(-1)).toContain("[##############################] 430 of 430 agents, 100 %, done");
  });

  it("follows the next rotation when none is under way", async () => {
    const steps = [rotation(14, 430), rotation(15, 100), rotation(15, 430)];
    expect(await watch(steps.map(asAnswer))).toMatchObject({ code: 0, calls: 3 });
  });

  it("ends when the rotation was over between two looks", async () => {
    expect(await watch([rotation(14, 300), rotation(15, 100)].map(asAnswer))).toMatchObject({ code: 0, calls: 2 });
  });

  it("gives up where waiting would be in vain", async () => {
    const paused = asAnswer({ ...rotation(14, 300), paused: { since: iso(NOW), until: null, reason: null } });
    expect(await watch([paused])).toMatchObject({
      code: 1,
      errors: ["the rebuilder is paused: npm run ops -- resume"],
    });
  });

  it("waits out a few failures, not many", async () => {
    const failure: StatusAnswer = { ok: false, reason: ["cannot reach it"] };
    const [first, last] = [asAnswer(rotation(14, 300)), asAnswer(rotation(14, 430))];
    expect(await watch([first, failure, failure, failure, failure, last])).toMatchObject({ code: 0, errors: [] });
    expect(await watch([first, ...Array(5).fill(failure)])).toMatchObject({ code: 1, errors: ["cannot reach it"] });
    expect(await watch([failure])).toMatchObject({ code: 1, errors: ["cannot reach it"] });
  });

  it("goes on after a command, on the command line", async () => {
    const steps = [rotation(14, 430), rotation(15, 100), rotation(15, 430)];
    answer = (_request, response) =>
      sendJson(response, 200, { ...statusAnswer(), intervalMs: 1_000, ...(steps.shift() ?? {}) });
    const { code, stdout } = await ops(["reset", "--watch"]);
    expect(code).toBe(0);
    expect(stdout.split("\n").slice(0, 2)).toEqual([
      "The next tick begins a new rotation.",
      "Next: the tick after SP31 begins",
    ]);
    expect(stdout).toMatch(/Rotation 15 \[#+-+\] 100 of 430[^\n]*\nRotation 15 \[#+\] 430 of 430[^\n]*\n$/);
  });
});

describe("the screen", () => {
  it("shows nothing that a terminal would obey", () => {
    const written: string[] = [];
    const screen = createScreen({ write: (text: string) => written.push(text) > 0 }, { write: () => true });
    screen.print("a\u001b[2Jb\u202ec\nd\u009be");
    expect(written).toEqual(["a\ufffd[2Jb\ufffdc\ufffdd\ufffde\n"]);
  });

  it("replaces the progress line on a terminal, and keeps it there when something else follows", () => {
    const written: string[] = [];
    const out = { write: (text: string) => written.push(text) > 0, isTTY: true, columns: 30 };
    const screen = createScreen(out, { write: () => true });
    screen.showProgress("one");
    screen.showProgress("x".repeat(50));
    screen.print("end");
    expect(written).toEqual(["\r\u001b[Kone", `\r\u001b[K${"x".repeat(29)}`, "\n", "end\n"]);
  });
});

it.each([
  [0, "0 ms"],
  [850, "850 ms"],
  [1_349, "1.3 s"],
  [59_600, "1 m"],
  [80_000, "1 m 20 s"],
  [3_600_000, "1 h"],
  [3_605_000, "1 h"],
  [90_000_000, "1 d 1 h"],
])("a duration of %i ms reads %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
  expect(formatAgo(NOW - ms, NOW)).toBe(`${text} ago`);
});

function ops(args: string[], { url: base = url, token = TOKEN } = {}) {
  const child = spawn(process.execPath, [join(import.meta.dirname, "../src/ops.ts"), ...args, "--url", base], {
    env: { PATH: process.env.PATH, ADMIN_TOKEN: token },
  });
  const stdout: string[] = [];
  const stderr: string[] = [];
  child.stdout.on("data", (data) => stdout.push(String(data)));
  child.stderr.on("data", (data) => stderr.push(String(data)));
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on("close", (code) => resolve({ code, stdout: stdout.join(""), stderr: stderr.join("") }));
  });
}

function parse(args: string[]) {
  return parseOpsArguments(args, { ADMIN_TOKEN: TOKEN }, NOW);
}

function show(changes: object): string {
  return formatStatus("https://x.example", toStatus(changes)).join("\n");
}

async function watch(answers: StatusAnswer[]) {
  const progress: string[] = [];
  const errors: string[] = [];
  let calls = 0;
  const code = await watchRotation({
    getStatus: async () => answers[calls++] ?? { ok: false, reason: ["asked too often"] },
    showProgress: (line) => progress.push(line),
    printError: (line) => errors.push(line),
    wait: async () => {},
  });
  return { code, progress, errors, calls };
}

function toStatus(changes: object): Status {
  return statusSchema.parse({ ...statusAnswer(), ...changes });
}

function asAnswer(changes: object): StatusAnswer {
  return { ok: true, status: toStatus(changes) };
}

/** Between two rotations there is no time to the end of one. */
function rotation(number: number, processed: number): { rotation: object } {
  const percent = Math.round((processed / 430) * 1_000) / 10;
  const etaMs = processed === 430 ? null : 240_000;
  return { rotation: { number, startedAt: iso(NOW), processed, total: 430, percent, etaMs } };
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

function upstream() {
  return {
    ok: 100,
    failed: 0,
    rateLimited: 0,
    p50Ms: 120,
    breaker: "closed",
    openSince: null,
    notBefore: null,
    lastError: null,
    deprecationSeen: null,
    monthlyBudget: 0,
    monthlyCalls: 4_321,
    runsOutAt: null,
  };
}

function tickAnswer() {
  return {
    trigger: "alarm",
    startedAt: iso(NOW - 40_000),
    durationMs: 1_300,
    rotation: 14,
    epoch: 900,
    version: 812,
    agents: 100,
    failed: 2,
    notAttempted: 0,
    calls: 201,
    failedCalls: 2,
    subrequests: 206,
    outcome: "committed",
    error: null,
    notes: ["a note"],
    nextIntervalMs: 120_000,
  };
}

function statusAnswer() {
  return {
    state: "idle",
    now: iso(NOW),
    paused: null,
    alarmAt: iso(NOW + 80_000),
    alarmOverdueMs: 0,
    intervalMs: 120_000,
    intervalReason: "upstreams are healthy",
    next: { what: "the tick after SP31 begins", at: iso(NOW + 80_000) },
    ...rotation(14, 300),
    epoch: 900,
    ticks: [tickAnswer()],
    upstreams: { hiro: upstream(), mempool: upstream() },
    hiroApi: { version: "v1", since: null },
    prices: { "btc-l1": { priceUsd: 98_123.5, source: "coingecko", ageSeconds: 12, held: null } },
    roster: {
      source: "kv",
      ageSeconds: 300,
      accepted: 430,
      rejected: { "bad-checksum": 2 },
      problem: null,
      held: null,
    },
    publication: { version: 812, ageSeconds: 40, agents: 430, partial: 2, pending: 0, coveragePercent: 100 },
    quarantines: [],
    configProblem: null,
    consecutiveFailures: 0,
    unfinishedTicks: 0,
    rowCounts: { agents: 430, balances: 2_150, agentsCovered: 430 },
  };
}
