import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { callAdmin } from "../src/start/api-client.ts";
import { parseStartOptions } from "../src/start/options.ts";
import { findFreePort } from "../src/start/ports.ts";
import { killMarked, listMarked } from "../src/start/process-tree.ts";
import { startStack } from "../src/start/stack.ts";

// Two Workers of a few lines stand in for the real ones: what is tested is how they are started, fed and ended.

let root: string;
let stateDir: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "stack-"));
  stateDir = join(root, "state");
  for (const [path, content] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
});
afterAll(() => {
  killMarked(stateDir);
  rmSync(root, { recursive: true });
});

it("starts on an empty state, continues on a stored one and leaves nothing running", { timeout: 120_000 }, async () => {
  const lines: string[] = [];
  const options = await createOptions((line) => lines.push(line));
  const first = await startStack(options);
  expect(first.versionAtStart).toBe(0);
  expect(await callAdmin(first.origin, "t0ken")).toMatchObject({ agents: 430, chunkSize: "7", key: "k3y" });
  expect(await callAdmin(first.origin, "t0ken", "/tick")).toMatchObject({ status: 200 });
  expect(first.upstream?.stats().hosts.hiro.calls).toBe(1);
  await expect(callAdmin(first.origin, "wrong")).rejects.toThrow("401");
  await expect(startStack({ ...options, port: await findFreePort() })).rejects.toThrow(/STATE_DIR: .* is in use/);
  await expect(startStack(options)).rejects.toThrow(/PORT: \d+ is in use/);
  await first.close();
  expect(listMarked(stateDir)).toEqual([]);
  expect(lines.some((line) => line.includes("a tick, says the Worker"))).toBe(true);
  const log = readFileSync(first.logPath, "utf8");
  for (const secret of ["t0ken", "k3y"]) expect(log).not.toContain(secret);

  const second = await startStack(await createOptions(() => {}));
  expect(second.versionAtStart).toBe(1);
  for (const pid of listMarked(stateDir)) process.kill(pid, "SIGKILL");
  expect(await second.ended).toMatch(/^wrangler dev ended by itself/);
  await second.close();
  expect(listMarked(stateDir)).toEqual([]);
});

it("gives up with a reason, and leaves nothing running, when a Worker does not build", {
  timeout: 120_000,
}, async () => {
  const entry = join(root, "services/api/src/worker.ts");
  const content = readFileSync(entry, "utf8");
  rmSync(entry);
  const options = await createOptions(() => {});
  await expect(startStack(options)).rejects.toThrow(/wrangler dev ended by itself with 1; see .*wrangler\.log/);
  expect(listMarked(stateDir)).toEqual([]);
  writeFileSync(entry, content);
});

async function createOptions(onLine: (line: string) => void) {
  const env = {
    STATE_DIR: stateDir,
    PORT: String(await findFreePort()),
    ADMIN_TOKEN: "t0ken",
    HIRO_API_KEY: "k3y",
    CHUNK_SIZE: "7",
  };
  return { ...parseStartOptions([], env, root), root, onLine };
}

const database = {
  binding: "DB",
  database_name: "toy",
  database_id: "00000000-0000-0000-0000-000000000000",
  migrations_dir: "migrations",
};

const FILES = {
  "migrations/001_publications.sql": "CREATE TABLE publications (version INTEGER PRIMARY KEY);",
  "wrangler.api.jsonc": JSON.stringify({
    name: "toy-api",
    main: "services/api/src/worker.ts",
    compatibility_date: "2026-11-01",
    d1_databases: [database],
    services: [{ binding: "REBUILDER", service: "toy-rebuilder", entrypoint: "Rpc" }],
  }),
  "wrangler.rebuilder.jsonc": JSON.stringify({
    name: "toy-rebuilder",
    main: "services/rebuilder/src/worker.ts",
    compatibility_date: "2026-11-01",
    vars: { CHUNK_SIZE: "100" },
    d1_databases: [database],
    kv_namespaces: [{ binding: "VERIFIED_AGENTS", id: "00000000000000000000000000000000" }],
  }),
  "services/api/src/worker.ts": `
    export default {
      async fetch(request: Request, env: any) {
        const { pathname } = new URL(request.url);
        if (pathname === "/api/dashboard") {
          const row = await env.DB.prepare("SELECT max(version) AS version FROM publications").first();
          return Response.json({ version: row.version ?? 0 });
        }
        const token = request.headers.get("authorization");
        if (token !== "Bearer " + env.ADMIN_TOKEN) return new Response("no", { status: 401 });
        return Response.json(pathname.endsWith("/tick") ? await env.REBUILDER.tick() : await env.REBUILDER.status());
      },
    };`,
  "services/rebuilder/src/worker.ts": `
    import { WorkerEntrypoint } from "cloudflare:workers";
    export class Rpc extends WorkerEntrypoint<any> {
      async status() {
        const roster = JSON.parse(await this.env.VERIFIED_AGENTS.get("cache:agent-list"));
        return { agents: roster.agents.length, chunkSize: this.env.CHUNK_SIZE, key: this.env.HIRO_API_KEY };
      }
      async tick() {
        console.log("a tick, says the Worker");
        await this.env.DB.prepare("INSERT INTO publications DEFAULT VALUES").run();
        const principal = "SP4DXVEC16FS6QR7RBKGWZYJKTXPC81W49W0ATJE";
        const response = await fetch(this.env.HIRO_API_URL + "/extended/v1/address/" + principal + "/balances");
        return { status: response.status, balances: await response.json() };
      }
    }
    export default {};`,
};
