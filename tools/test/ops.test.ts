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
import { type StatusAnswer, watchRotation } from "../src/ops/watch.ts";
import { findFreePort } from "../src/start/ports.ts";
import { type Status, statusSchema } from "../src/status.ts";
import { lane, lanes, NOW, status, tick, toServed, upstream } from "./statuses.ts";

const URL_IN_USE = "https://x.example";
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
  answer = (_request, response) => sendJson(response, 200, toServed(status()));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

describe("the commands", () => {
  it.each([
    ["status", [], "GET", "rebuilder", ""],
    ["resume", [], "POST", "rebuilder/resume", ""],
    ["resume", ["--reason", "done"], "POST", "rebuilder/resume", '{"reason":"done"}'],
    ["reset", [], "POST", "rebuilder/reset", ""],
    ["reset", ["--reason", "why not"], "POST", "rebuilder/reset", '{"reason":"why not"}'],
    ["pause", [], "POST", "rebuilder/pause", ""],
    [
      "pause",
      ["--until", "2027-01-31T12:00:00+01:00", "--reason", "upgrade"],
      "POST",
      "rebuilder/pause",
      '{"until":"2027-01-31T11:00:00.000Z","reason":"upgrade"}',
    ],
    ["accept", ["--id", "roster-41"], "POST", "rebuilder/accept", '{"id":"roster-41"}'],
    [
      "accept",
      ["--id", "roster-41", "--reason", "they left"],
      "POST",
      "rebuilder/accept",
      '{"reason":"they left","id":"roster-41"}',
    ],
  ])("%s %j sends one request with the token", async (command, args, method, path, body) => {
    const { code, stderr } = await ops([command, ...args]);
    expect([code, stderr]).toEqual([0, ""]);
    const authorization = `Bearer ${TOKEN}`;
    expect(requests).toEqual([{ method, path: `/api/admin/${path}`, authorization, body }]);
  });

  it("tick shows the report, and ends with 1 when nothing was committed", async () => {
    answer = (_request, response) => sendJson(response, 200, { ...toServed(tick()), joined: true });
    const committed = await ops(["tick"]);
    expect(committed.stdout).toContain("The tick that was running ended as committed");
    expect(committed.stdout).toContain(
      "100 agents, 2 of them with a lane that failed; answered well: stacks 98/100, bitcoin 100/100",
    );
    answer = (_request, response) =>
      sendJson(response, 200, {
        ...toServed(tick({ outcome: "commit-failed", error: "the database is locked" })),
        joined: false,
      });
    const failed = await ops(["tick"]);
    expect(failed.stdout).toContain("ended as commit-failed: the database is locked");
    expect([committed.code, failed.code]).toEqual([0, 1]);
  });

  it("actions shows the audit log, newest first, as much of it as asked for", async () => {
    const actions = [
      {
        id: "b",
        at: iso(NOW),
        action: "accept",
        subject: "roster-41",
        reason: "they \u001b[2J left",
        outcome: "released",
      },
      { id: "a", at: iso(NOW - 60_000), action: "pause", subject: null, reason: null, outcome: "paused" },
    ];
    answer = (_request, response) => sendJson(response, 200, { actions });
    const { code, stdout } = await ops(["actions", "--limit", "2"]);
    expect([code, requests.map(({ method, path }) => `${method} ${path}`)]).toEqual([
      0,
      ["GET /api/admin/actions?limit=2"],
    ]);
    expect(stdout.split("\n")).toEqual([
      "When                      action  subject    outcome   reason",
      "2026-11-22T14:00:00.000Z  accept  roster-41  released  they \ufffd[2J left",
      "2026-11-22T13:59:00.000Z  pause              paused",
      "",
    ]);
    answer = (_request, response) => sendJson(response, 200, { actions: [] });
    expect((await ops(["actions"])).stdout).toBe("No operator has done anything yet.\n");
    expect(requests.at(-1)?.path).toBe("/api/admin/actions");
  });

  it("--json prints the answer as it came", async () => {
    const text = JSON.stringify({ ...toServed(status()), somethingNew: "\u202e" });
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
    answer = (_request, response) => sendJson(response, 200, { ...toServed(status()), lanes: null });
    expect(await ops(["status"])).toMatchObject({ code: 1, stderr: expect.stringContaining("(lanes: ") });
    expect(await ops(["status", "--json"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"lanes":null'),
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
    for (const code of [200, 401, 500]) {
      answer = (_request, response) => sendJson(response, code, code === 200 ? toServed(status()) : { title: "No" });
      const { stdout, stderr } = await ops(["status"]);
      expect(stdout + stderr).not.toContain(TOKEN);
    }
  });
});

describe("the arguments", () => {
  it.each<[string, string[], RegExp]>([
    ["no command", [], /^no command: use status, tick, pause, resume, reset, accept or actions$/],
    ["two commands", ["pause", "resume"], /what is resume\?/],
    ["an unknown option", ["status", "--force"], /Unknown option '--force'/],
    ["a token", ["status", "--token", "x"], /Unknown option '--token'/],
    ["an option without its value", ["status", "--url"], /--url/],
    ["a URL of another kind", ["status", "--url", "ftp://x"], /--url: "ftp:\/\/x" is not a base URL/],
    ["a URL with a password", ["status", "--url", "https://u:p@x.example"], /is not a base URL/],
    ["an option of another command", ["tick", "--until", "2h"], /--until does not go with tick, only with pause/],
    ["an id where none is wanted", ["status", "--id", "x"], /--id does not go with status/],
    ["a reason where nothing is done", ["status", "--reason", "x"], /--reason does not go with status/],
    [
      "a limit where nothing is listed",
      ["status", "--limit", "5"],
      /--limit does not go with status, only with actions/,
    ],
    ["no limit", ["actions", "--limit", "0"], /--limit: "0" is not a whole number from 1 to 500/],
    ["too many actions", ["actions", "--limit", "501"], /from 1 to 500/],
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
    expect(text).toContain("Freshness  ok");
    expect(text).toContain("Next       the tick after SP31 begins, in 1 m 20 s (2026-11-22T14:01:20.000Z)");
    expect(text).toContain("Interval   2 m: upstreams are healthy");
    for (const name of ["Stacks ", "Bitcoin"]) {
      expect(text).toContain(
        `${name}    14 [#############-------] 300 of 430 agents, 69.8 %, about 4 m left; well, last complete answer 40 s ago`,
      );
    }
    expect(text).toContain("Board      version 812, epoch 900, 40 s old: 430 ranked (100 %), 2 partial, 0 pending");
    expect(text).toContain(
      "Roster     430 accepted, 5 m old; 430 of 430 covered by 2150 balances; rejected: 2 bad-checksum",
    );
    expect(text).toContain("Prices     btc-l1 98123.5 USD (coingecko, 12 s old)");
    expect(text).toMatch(
      /40 s ago {2}alarm +900 +812 +98\/100 +100\/100 +0 +199\/201 +206 +1\.3 s {2}committed; a note/,
    );
    expect(text).not.toMatch(/^!|^Hold/m);
  });

  it("says what is degraded, since when, why, and the command with the URL in use", () => {
    const reasons = [
      {
        code: "lane-silent" as const,
        subject: "bitcoin",
        since: NOW - 960_000,
        why: "the bitcoin lane has had no complete answer for 16 min (http-503)",
        action: { command: "status", when: "for the host's answers" },
      },
      { code: "paused" as const, subject: null, since: null, why: "paused until resume: upgrade", action: null },
    ];
    const text = show({ freshness: { status: "degraded", since: NOW - 960_000, reasons } });
    expect(text.split("\n").slice(0, 5)).toEqual([
      "Rebuilder  idle at https://x.example",
      "Freshness  degraded since 16 m",
      "!          the bitcoin lane has had no complete answer for 16 min (http-503), since 16 m (lane-silent)",
      "           npm run ops -- status --url https://x.example   for the host's answers",
      "!          paused until resume: upgrade (paused)",
    ]);
  });

  it("says which lane rests, since when, why, until when, and what a lane waits for", () => {
    const resting = lane(14, 120, {
      health: "resting",
      since: NOW - 180_000,
      until: NOW + 50_000,
      why: "http-503",
      goodAt: null,
    });
    const text = show({ lanes: { stacks: lane(15, 430, { waitsFor: "the other lane" }), bitcoin: resting } });
    expect(text).toMatch(
      /^Bitcoin .*; resting since 3 m, http-503, until 2026-11-22T14:00:50.000Z, no complete answer yet$/m,
    );
    expect(text).toMatch(/^Stacks .*, done; well, waits for the other lane, last complete answer 40 s ago$/m);
  });

  it("says which host's gate is closed, until when, and its last error", () => {
    const mempool = upstream({
      gate: "closed",
      notBefore: NOW + 50_000,
      lastError: "rate-limited",
      lastErrorAt: NOW - 5_000,
    });
    const text = show({ upstreams: { hiro: upstream(), mempool }, intervalReason: "mempool rests" });
    expect(text).toMatch(/^mempool +closed +.*rate-limited 5 s ago, no call for 50 s$/m);
    expect(text).toContain("mempool rests");
  });

  it("says what is held back and how to release it, with the URL in use", () => {
    const hold = {
      kind: "fall" as const,
      subject: "stx",
      seen: NOW,
      release: "accept it if these balances really fell",
    };
    const text = show({
      holds: [
        { ...hold, id: "fall-1a2b", detail: "30 of 100 agents lost all their stx", since: NOW - 300_000 },
        { ...hold, id: "roster-41", kind: "roster", detail: "the roster shrank from 430 to 200", since: NOW - 60_000 },
      ],
    });
    expect(text).toContain("Hold       fall-1a2b: 30 of 100 agents lost all their stx, 5 m ago");
    expect(text).toContain("           accept it if these balances really fell:");
    expect(text).toContain("           npm run ops -- accept --id fall-1a2b --url https://x.example");
    expect(text).toContain("           npm run ops -- accept --id roster-41 --url https://x.example");
  });

  it("says first what is wrong", () => {
    const passedOver = [{ lane: "stacks" as const, address: "SP9", until: NOW + 3_600_000 }];
    const text = show({
      alarmAt: null,
      alarmOverdueMs: 0,
      consecutiveFailures: 3,
      rowCounts: null,
      configProblem: "missing or malformed vars: CHUNK_SIZE",
      stateProblem: "not readable and begun anew: lanes",
      crashes: { count: 2, passedOver },
      publishing: { mode: "apart", since: NOW - 60_000, problem: "too slow" },
    });
    expect(text.split("\n").filter((one) => one.startsWith("!"))).toEqual([
      "!          missing or malformed vars: CHUNK_SIZE",
      "!          not readable and begun anew: lanes",
      "!          no alarm is set",
      "!          3 ticks in a row did not commit",
      "!          2 ticks in a row began at one place and never ended",
      "!          nothing new is published: too slow",
      "!          rankings are published apart from the commits since 1 m: the last one was too slow",
      "!          the database does not answer",
      "!          SP9 is passed over on the stacks lane until 2026-11-22T15:00:00.000Z: its ticks crashed",
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
    const steps = [lanes(14, 100), lanes(14, 100), lanes(14, 300), lanes(14, 430)];
    const { code, progress } = await watch(steps.map(asAnswer));
    expect(code).toBe(0);
    expect(progress.map((line) => /\d+ of 430/.exec(line)?.[0])).toEqual(["100 of 430", "300 of 430", "430 of 430"]);
    expect(progress.at(-1)).toContain(
      "stacks 14 [####################] 430 of 430 agents, 100 %, done | bitcoin 14 [####",
    );
  });

  it("follows the next rotation when none is under way", async () => {
    const steps = [lanes(14, 430), lanes(15, 100), lanes(15, 430)];
    expect(await watch(steps.map(asAnswer))).toMatchObject({ code: 0, calls: 3 });
  });

  it("waits for both lanes, and shows which one is not well", async () => {
    const bitcoin = lane(14, 100, { health: "resting" });
    const steps = [lanes(14, 300), { lanes: { stacks: lane(15, 20), bitcoin } }, lanes(15, 40)];
    const { code, calls, progress } = await watch(steps.map(asAnswer));
    expect([code, calls]).toEqual([0, 3]);
    expect(progress[1]).toMatch(/^stacks 15 .* left \| bitcoin 14 .* left, resting: idle, upstreams are healthy$/);
  });

  it("ends when the rotation was over between two looks", async () => {
    expect(await watch([lanes(14, 300), lanes(15, 100)].map(asAnswer))).toMatchObject({ code: 0, calls: 2 });
  });

  it("gives up where waiting would be in vain", async () => {
    const paused = asAnswer({ ...lanes(14, 300), paused: { since: NOW, until: null, reason: null } });
    expect(await watch([paused])).toMatchObject({
      code: 1,
      errors: ["the rebuilder is paused: npm run ops -- resume --url https://x.example"],
    });
  });

  it("waits out a few failures, not many", async () => {
    const failure: StatusAnswer = { ok: false, reason: ["cannot reach it"] };
    const [first, last] = [asAnswer(lanes(14, 300)), asAnswer(lanes(14, 430))];
    expect(await watch([first, failure, failure, failure, failure, last])).toMatchObject({ code: 0, errors: [] });
    expect(await watch([first, ...Array(5).fill(failure)])).toMatchObject({ code: 1, errors: ["cannot reach it"] });
    expect(await watch([failure])).toMatchObject({ code: 1, errors: ["cannot reach it"] });
  });

  it("goes on after a command, on the command line", async () => {
    const steps = [lanes(14, 430), lanes(15, 100), lanes(15, 430)];
    answer = (_request, response) => sendJson(response, 200, toServed(status({ intervalMs: 1_000, ...steps.shift() })));
    const { code, stdout } = await ops(["reset", "--watch"]);
    expect(code).toBe(0);
    expect(stdout.split("\n").slice(0, 2)).toEqual([
      "The next tick begins a new rotation on both lanes.",
      "Next: the tick after SP31 begins",
    ]);
    expect(stdout).toMatch(/stacks 15 \[#+-+\] 100 of 430[^\n]*\nstacks 15 \[#+\] 430 of 430[^\n]*\n$/);
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

function show(changed: Partial<Status>): string {
  return formatStatus(URL_IN_USE, status(changed)).join("\n");
}

async function watch(answers: StatusAnswer[]) {
  const progress: string[] = [];
  const errors: string[] = [];
  let calls = 0;
  const code = await watchRotation({
    url: URL_IN_USE,
    getStatus: async () => answers[calls++] ?? { ok: false, reason: ["asked too often"] },
    showProgress: (line) => progress.push(line),
    printError: (line) => errors.push(line),
    wait: async () => {},
  });
  return { code, progress, errors, calls };
}

function asAnswer(changed: Partial<Status>): StatusAnswer {
  return { ok: true, status: statusSchema.parse(toServed(status(changed))) };
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
