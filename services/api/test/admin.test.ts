import { env } from "cloudflare:workers";
import type { RebuilderApi, RebuilderStatus } from "@standings/rebuilder/contract";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Env } from "../src/env.ts";
import { actionsSchema } from "../src/routes/admin/actions.ts";
import { statusSchema, tickAnswerSchema } from "../src/routes/admin/schema.ts";
import {
  clearDatabase,
  expectProblem,
  PUBLISHED_AT,
  readBody,
  rebuilder,
  request,
  status,
  TOKEN,
  tickReport,
} from "./builders.ts";

const BASE = "/api/admin/rebuilder";
const ROUTES: [method: string, path: string][] = [
  ["GET", BASE],
  ["POST", `${BASE}/tick`],
  ["POST", `${BASE}/pause`],
  ["POST", `${BASE}/resume`],
  ["POST", `${BASE}/reset`],
  ["POST", `${BASE}/accept`],
];
const ACTIONS = "/api/admin/actions";

const log = vi.spyOn(console, "error");

beforeEach(() => {
  log.mockReset();
  log.mockImplementation(() => {});
});

function call(method: string, path: string, api: Partial<RebuilderApi> = {}, body?: unknown): Promise<Response> {
  const headers: Record<string, string> = { Authorization: `Bearer ${TOKEN}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
  return request(path, init, { REBUILDER: rebuilder(api) });
}

describe("without the right token", () => {
  const everything = {
    status: async () => status(),
    tick: async () => ({ ok: true as const, report: tickReport(), joined: false }),
  };
  const paths = [
    ...ROUTES,
    ["GET", ACTIONS],
    ["GET", "/api/admin"],
    ["GET", "/api/admin/nothing"],
    ["DELETE", BASE],
    ["OPTIONS", BASE],
    ["GET", `${BASE}?x=1`],
  ];

  it.each(paths)(
    "%s %s is one and the same 401 for no, an empty, a malformed and a wrong token",
    async (method = "", path = "") => {
      const bodies: unknown[] = [];
      for (const authorization of [
        undefined,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        `Bearer ${TOKEN}x`,
        `Bearer ${TOKEN.slice(1)}`,
        `Basic ${TOKEN}`,
        `Bearer ${TOKEN} ${TOKEN}`,
        TOKEN,
      ]) {
        const headers = authorization === undefined ? {} : { Authorization: authorization };
        const response = await request(path, { method, headers } as RequestInit, { REBUILDER: rebuilder(everything) });
        expect(response.headers.get("WWW-Authenticate")).toBe('Bearer realm="standings"');
        expect(response.headers.get("X-Robots-Tag")).toBe("noindex");
        expect(response.headers.get("Access-Control-Allow-Origin")).toBeNull();
        const { instance: _, ...body } = await expectProblem(response, 401, "unauthorized");
        bodies.push(body);
      }
      expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1);
    },
  );

  it.each(ROUTES)("%s %s is closed, not open, while no usable token is configured", async (method, path) => {
    for (const configured of [undefined, "", "two words"]) {
      const { ADMIN_TOKEN: _, ...withoutToken } = env;
      const changed = { ...withoutToken, ADMIN_TOKEN: configured, REBUILDER: rebuilder(everything) };
      for (const authorization of ["Bearer ", "Bearer undefined", "Bearer two words"]) {
        const init = { method, headers: { Authorization: authorization } };
        const response = await request(path, init, changed as typeof env);
        await expectProblem(response, 503, "admin-not-configured");
      }
    }
  });

  it("never calls the rebuilder", async () => {
    const tick = vi.fn(everything.tick);
    await request(`${BASE}/tick`, { method: "POST" }, { REBUILDER: rebuilder({ tick }) });
    expect(tick).not.toHaveBeenCalled();
  });

  it("takes the token from the Authorization header alone", async () => {
    for (const headers of [{ "X-Admin-Key": TOKEN }, { Cookie: `token=${TOKEN}` }] as Record<string, string>[]) {
      await expectProblem(await request(BASE, { headers }), 401, "unauthorized");
    }
    await expectProblem(await request(`${BASE}?token=${TOKEN}`), 401, "unauthorized");
  });
});

describe("with the right token", () => {
  it("shows the status under the names of the contract, with times as RFC 3339", async () => {
    const response = await call("GET", BASE, { status: async () => status() });
    expect(response.status).toBe(200);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    expect(response.headers.get("X-Robots-Tag")).toBe("noindex");
    const body = await readBody(response, statusSchema);
    expect(Object.keys(body).sort()).toEqual(Object.keys(status()).sort());
    expect(body).toMatchObject({
      now: "2026-11-22T14:02:10.000Z",
      alarmAt: "2026-11-22T14:04:10.000Z",
      next: { at: "2026-11-22T14:04:10.000Z" },
      freshness: { since: "2026-11-22T14:02:10.000Z", reasons: [{ code: "hold", since: "2026-11-22T14:02:10.000Z" }] },
      lanes: { stacks: { startedAt: "2026-11-22T14:02:06.000Z", goodAt: "2026-11-22T14:02:09.000Z", etaMs: 480_000 } },
      holds: [{ since: "2026-11-22T14:02:10.000Z", seen: "2026-11-22T14:02:10.000Z" }],
      crashes: { passedOver: [{ until: "2026-11-22T15:02:10.000Z" }] },
      lastTick: { startedAt: "2026-11-22T14:02:06.000Z", durationMs: 4_000 },
      upstreams: { hiro: { notBefore: "2026-11-22T14:02:11.000Z", lastErrorAt: "2026-11-22T14:02:08.000Z" } },
      rowCounts: { oldestGoodAt: "2026-11-22T13:52:10.000Z" },
    });
  });

  it("leaves out what it does not know of a newer rebuilder's status, and serves nothing of an older one's", async () => {
    const newer = { ...status(), somethingNew: 1 };
    expect(await readBody(await call("GET", BASE, { status: async () => newer }), statusSchema)).toEqual(
      expect.not.objectContaining({ somethingNew: 1 }),
    );
    const { lanes: _, ...older } = status();
    const response = await call("GET", BASE, { status: async () => older as RebuilderStatus });
    const { detail } = await expectProblem(response, 503, "rebuilder-unavailable");
    expect(detail).toContain("another release");
    expect(log).toHaveBeenCalledWith(expect.stringContaining("lanes"));
  });

  it("runs a tick and answers with its report", async () => {
    const tick = async () => ({ ok: true as const, report: tickReport({ trigger: "forced" }), joined: true });
    const response = await call("POST", `${BASE}/tick`, { tick });
    expect(response.status).toBe(200);
    expect(await readBody(response, tickAnswerSchema)).toMatchObject({
      trigger: "forced",
      startedAt: "2026-11-22T14:02:06.000Z",
      outcome: "committed",
      joined: true,
    });
  });

  it("answers 409 for a tick while paused", async () => {
    const response = await call("POST", `${BASE}/tick`, { tick: async () => ({ ok: false, reason: "paused" }) });
    await expectProblem(response, 409, "paused");
  });

  it.each([
    ["too-soon", "tick-too-soon"],
    ["daily-limit", "tick-daily-limit"],
  ] as const)("answers 429 with Retry-After for a tick that is %s", async (reason, code) => {
    const response = await call("POST", `${BASE}/tick`, {
      tick: async () => ({ ok: false, reason, retryAfterMs: 2_100 }),
    });
    expect(response.headers.get("Retry-After")).toBe("3");
    await expectProblem(response, 429, code);
  });

  it("pauses until a time, with a reason, or for good", async () => {
    const pause = vi.fn(async () => status({ state: "paused" }));
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const response = await call("POST", `${BASE}/pause`, { pause }, { until, reason: "upgrade" });
    expect(await readBody(response, statusSchema)).toMatchObject({ state: "paused" });
    expect((await call("POST", `${BASE}/pause`, { pause }, {})).status).toBe(200);
    expect((await call("POST", `${BASE}/pause`, { pause })).status).toBe(200);
    expect(pause.mock.calls).toEqual([[{ until: Date.parse(until), reason: "upgrade" }], [{}], [{}]]);
  });

  it.each([
    [{ until: "tomorrow" }, "/until"],
    [{ until: "2026-02-30T00:00:00Z" }, "/until"],
    [{ until: 1_900_000_000_000 }, "/until"],
    [{ until: "2020-01-01T00:00:00Z" }, "/until"],
    [{ until: new Date(Date.now() + 400 * 86_400_000).toISOString() }, "/until"],
    [{ until: null }, "/until"],
    [{ reason: "x".repeat(201) }, "/reason"],
    [{ force: true }, "/force"],
    [{ "a/b": 1 }, "/a~1b"],
    [[], ""],
    ["until", ""],
  ])("refuses to pause with %j and points at %s", async (body, pointer) => {
    const problem = await expectProblem(await call("POST", `${BASE}/pause`, {}, body), 400, "invalid-request");
    expect(problem.errors?.map((error) => error.pointer)).toEqual([pointer]);
  });

  it("resumes and resets", async () => {
    const resume = vi.fn(async () => status());
    const reset = vi.fn(async () => status({ epoch: 13 }));
    await readBody(await call("POST", `${BASE}/resume`, { resume }), statusSchema);
    expect(await readBody(await call("POST", `${BASE}/reset`, { reset }), statusSchema)).toMatchObject({ epoch: 13 });
    expect([resume.mock.calls.length, reset.mock.calls.length]).toEqual([1, 1]);
  });

  it("hands the operator's reason to every action, and takes a tick, resume and reset without a body", async () => {
    const tick = vi.fn(async () => ({ ok: true as const, report: tickReport(), joined: false }));
    const answer = vi.fn(async () => status());
    const accept = vi.fn(async () => ({ ok: true as const }));
    const api = { tick, pause: answer, resume: answer, reset: answer, accept, status: async () => status() };
    const headers = { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json" };
    for (const action of ["tick", "resume", "reset"]) {
      for (const body of [undefined, {}, { reason: "" }, { reason: "upgrade" }]) {
        expect((await call("POST", `${BASE}/${action}`, api, body)).status).toBe(200);
      }
      const empty = await request(
        `${BASE}/${action}`,
        { method: "POST", headers, body: " " },
        { REBUILDER: rebuilder(api) },
      );
      expect(empty.status).toBe(200);
    }
    const given = [[{}], [{}], [{}], [{ reason: "upgrade" }], [{}]];
    expect(tick.mock.calls).toEqual(given);
    expect(answer.mock.calls).toEqual([...given, ...given]);
    await call("POST", `${BASE}/accept`, api, { id: "roster-41", reason: "they left" });
    expect(accept.mock.calls).toEqual([["roster-41", { reason: "they left" }]]);
  });

  it("accepts what is held by its id, and answers with the status after", async () => {
    const accept = vi.fn(async (id: string) =>
      id === "roster-41" ? { ok: true as const } : { ok: false as const, reason: "unknown-id" as const },
    );
    const api = { accept, status: async () => status() };
    await readBody(await call("POST", `${BASE}/accept`, api, { id: "roster-41" }), statusSchema);
    await expectProblem(await call("POST", `${BASE}/accept`, api, { id: "roster-40" }), 404, "hold-unknown");
    await expectProblem(await call("POST", `${BASE}/accept`, api, { id: 41 }), 400, "invalid-request");
    await expectProblem(await call("POST", `${BASE}/accept`, api, {}), 400, "invalid-request");
    await expectProblem(await call("POST", `${BASE}/accept`, api), 400, "invalid-request");
  });

  it("refuses a body that is too large, no JSON, or meant for an action that takes none", async () => {
    const send = (path: string, body: string, type = "application/json") =>
      request(path, { method: "POST", body, headers: { Authorization: `Bearer ${TOKEN}`, "Content-Type": type } });
    await expectProblem(await send(`${BASE}/pause`, `{"reason":"${"x".repeat(5_000)}"}`), 413, "body-too-large");
    await expectProblem(await send(`${BASE}/tick`, "x".repeat(5_000)), 413, "body-too-large");
    await expectProblem(await send(`${BASE}/pause`, "{"), 400, "invalid-request");
    await expectProblem(await send(`${BASE}/pause`, "reason=x", "text/plain"), 415, "unsupported-media-type");
    await expectProblem(await send(`${BASE}/tick`, '{"force":true}'), 400, "invalid-request");
    await expectProblem(await send(`${BASE}/resume`, `{"reason":"${"x".repeat(201)}"}`), 400, "invalid-request");
    const untyped = new TextEncoder().encode('{"reason":"x"}'); // as bytes, so that no type is added
    const init = { method: "POST", body: untyped, headers: { Authorization: `Bearer ${TOKEN}` } };
    await expectProblem(await request(`${BASE}/reset`, init), 415, "unsupported-media-type");
  });

  it("refuses unknown parameters, methods and paths", async () => {
    await expectProblem(await call("GET", `${BASE}?x=1`), 400, "invalid-request");
    await expectProblem(await call("GET", "/api/admin/nothing"), 404, "not-found");
    const response = await call("DELETE", `${BASE}/tick`);
    expect(response.headers.get("Allow")).toBe("POST, OPTIONS");
    await expectProblem(response, 405, "method-not-allowed");
  });

  it.each(ROUTES)(
    "%s %s answers 503 with Retry-After, and no cause, when the rebuilder throws",
    async (method, path) => {
      const body = path.endsWith("accept") ? { id: "x" } : undefined;
      const response = await call(method, path, {}, body);
      expect(response.headers.get("Retry-After")).toBe("10");
      const problem = await expectProblem(response, 503, "rebuilder-unavailable");
      expect(JSON.stringify(problem)).not.toContain("SECRET");
      expect(log).toHaveBeenCalledWith(expect.stringContaining("SECRET"));
    },
  );

  it("reaches the entrypoint over the real service binding", async () => {
    const response = await request(`${BASE}/tick`, { method: "POST", headers: { Authorization: `Bearer ${TOKEN}` } });
    await expectProblem(response, 409, "paused");
  });
});

describe("the audit log", () => {
  beforeEach(clearDatabase);

  const record = (at: number, action: string, subject: string | null, reason: string | null) =>
    env.DB.prepare("INSERT INTO operator_actions VALUES (?, ?, ?, ?, ?, 'done')").bind(
      crypto.randomUUID(),
      at,
      action,
      subject,
      reason,
    );

  it("lists what operators did, newest first, as many as asked for", async () => {
    await env.DB.batch([
      record(PUBLISHED_AT, "pause", null, "upgrade"),
      record(PUBLISHED_AT + 2_000, "accept", "fall-stx-3", null),
      record(PUBLISHED_AT + 1_000, "resume", null, null),
    ]);
    const { actions } = await readBody(await call("GET", ACTIONS), actionsSchema);
    expect(actions.map(({ action }) => action)).toEqual(["accept", "resume", "pause"]);
    expect(actions[0]).toMatchObject({ subject: "fall-stx-3", at: "2026-11-22T14:02:12.000Z", outcome: "done" });
    expect(actions[2]).toMatchObject({ subject: null, reason: "upgrade" });
    const newest = await readBody(await call("GET", `${ACTIONS}?limit=1`), actionsSchema);
    expect(newest.actions).toEqual(actions.slice(0, 1));
  });

  it("is empty before the first action, and asks the database alone", async () => {
    const response = await call("GET", ACTIONS);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    expect(await readBody(response, actionsSchema)).toEqual({ actions: [] });
    for (const limit of ["0", "501", "x"]) {
      await expectProblem(await call("GET", `${ACTIONS}?limit=${limit}`), 400, "invalid-request");
    }
  });
});

describe("while the token is replaced", () => {
  const ask = (token: string, changed: Partial<Env>) =>
    request(
      BASE,
      { headers: { Authorization: `Bearer ${token}` } },
      { REBUILDER: rebuilder({ status: async () => status() }), ...changed },
    );
  const changed = { ADMIN_TOKEN: "the-new-one", ADMIN_TOKEN_PREVIOUS: "the-old-one" };

  it("takes the new one and the one before, and no other", async () => {
    expect((await ask("the-new-one", changed)).status).toBe(200);
    expect((await ask("the-old-one", changed)).status).toBe(200);
    for (const token of ["the-older-one", "the-new-onethe-old-one", "undefined", "="]) {
      await expectProblem(await ask(token, changed), 401, "unauthorized");
    }
  });

  it("takes the new one alone once the old one is gone, and none when only the old one is set", async () => {
    await expectProblem(await ask("the-old-one", { ADMIN_TOKEN: "the-new-one" }), 401, "unauthorized");
    const empty = { ADMIN_TOKEN: "the-new-one", ADMIN_TOKEN_PREVIOUS: "" };
    await expectProblem(await ask("the-old-one", empty), 401, "unauthorized");
    const unset = { ADMIN_TOKEN: "", ADMIN_TOKEN_PREVIOUS: "the-old-one" };
    await expectProblem(await ask("the-old-one", unset), 503, "admin-not-configured");
  });

  it("compares with both, whichever is right", async () => {
    const compare = vi.spyOn(crypto.subtle, "timingSafeEqual");
    for (const token of ["the-new-one", "the-old-one", "wrong"]) await ask(token, changed);
    expect(compare).toHaveBeenCalledTimes(6);
    compare.mockRestore();
  });
});

describe("the cron", () => {
  it("ensures the alarm, and logs one line when the rebuilder does not answer", async () => {
    const { default: worker } = await import("../src/worker.ts");
    const controller = { cron: "*/5 * * * *", scheduledTime: PUBLISHED_AT, noRetry() {}, type: "scheduled" } as const;
    const ensureAlarm = vi.fn(async () => ({ alarmAt: PUBLISHED_AT, rearmed: true }));
    await worker.scheduled(controller, { ...env, REBUILDER: rebuilder({ ensureAlarm }) });
    expect(ensureAlarm).toHaveBeenCalledOnce();
    expect(log).not.toHaveBeenCalled();
    await worker.scheduled(controller, { ...env, REBUILDER: rebuilder() });
    expect(log.mock.calls.map(([line]) => JSON.parse(line))).toEqual([
      { level: "error", event: "cron.failed", error: "SECRET cause: the binding is not connected" },
    ]);
  });
});
