import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "@standings/tools/repository";
import { parseStartOptions } from "@standings/tools/start/options";
import { findFreePort } from "@standings/tools/start/ports";
import { startStack } from "@standings/tools/start/stack";

/** What the first release had stored when it was stopped, as services/rebuilder/test/fixtures/first-release has it. */
export interface FirstRelease {
  atMs: number;
  roster: { stxAddress: string; btcAddress: string }[];
  stored: Record<string, unknown>;
  /** Every row of every table. */
  rows: Record<"publications" | "standings" | "balances", Row[]> & Record<string, Row[]>;
}

type Row = Record<string, unknown>;

/** Its last migration; later ones are the upgrade's. */
const LAST_MIGRATION = 8;

/** Times in a fixture are this near to its own; nothing else in it is a number of this size. */
const NEAR_MS = 90 * 86_400_000;

/** Reads a fixture with all its times moved, so that it was stopped just now. */
export function readFirstRelease(name: string, nowMs: number): FirstRelease {
  const path = join(ROOT, "services/rebuilder/test/fixtures/first-release", `${name}.json`);
  const text = readFileSync(path, "utf8");
  const { atMs } = JSON.parse(text) as FirstRelease;
  const move = (_key: string, value: unknown) => {
    return typeof value === "number" && Math.abs(value - atMs) < NEAR_MS ? value - atMs + nowMs : value;
  };
  return JSON.parse(text, move) as FirstRelease;
}

/**
 * Fills a state folder as that release left it: its tables, its object's storage and an alarm, written by the real
 * platform. Two Workers of a few lines stand in for those of the release.
 */
export async function fillByFirstRelease(stateDir: string, release: FirstRelease, rosterFile: string): Promise<void> {
  const root = join(dirname(stateDir), "first-release");
  for (const service of ["api", "rebuilder"] as const) {
    mkdirSync(join(root, "services", service, "src"), { recursive: true });
    writeFileSync(join(root, "services", service, "src/worker.ts"), WORKERS[service]);
    copyFileSync(join(ROOT, `wrangler.${service}.jsonc`), join(root, `wrangler.${service}.jsonc`));
  }
  mkdirSync(join(root, "migrations"));
  for (const file of readdirSync(join(ROOT, "migrations")).filter(
    (name) => Number.parseInt(name, 10) <= LAST_MIGRATION,
  )) {
    copyFileSync(join(ROOT, "migrations", file), join(root, "migrations", file));
  }
  const env = { STATE_DIR: stateDir, PORT: String(await findFreePort()), ROSTER_FILE: rosterFile };
  const stack = await startStack({ ...parseStartOptions([], env, root), root, onLine: () => {} });
  const body = JSON.stringify({ rows: release.rows, stored: release.stored });
  const response = await fetch(`${stack.origin}/fill`, { method: "POST", body });
  if (!response.ok) throw new Error(`the state was not filled: ${response.status} ${await response.text()}`);
  await stack.close();
  rmSync(root, { recursive: true });
}

const WORKERS = {
  api: `
    export default {
      async fetch(request: Request, env: any) {
        if (new URL(request.url).pathname === "/api/dashboard") return Response.json({ version: 0 });
        const { rows, stored } = await request.json();
        const statements = Object.entries<any[]>(rows).flatMap(([table, list]) => {
          const clear = env.DB.prepare("DELETE FROM " + table);
          const inserts = list.map((row) => {
            const names = Object.keys(row);
            const marks = names.map(() => "?").join();
            return env.DB.prepare("INSERT INTO " + table + " (" + names.join() + ") VALUES (" + marks + ")")
              .bind(...Object.values(row));
          });
          return [clear, ...inserts];
        });
        await env.DB.batch([env.DB.prepare("PRAGMA defer_foreign_keys = on"), ...statements]);
        await env.REBUILDER.fill(stored);
        return new Response("filled");
      },
    };`,
  rebuilder: `
    import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
    export class DashboardRebuildDO extends DurableObject<any> {
      async fill(stored: Record<string, unknown>) {
        await this.ctx.storage.put(stored);
        await this.ctx.storage.setAlarm(Date.now() + 60_000);
      }
      async alarm() {}
    }
    export class RebuilderRpc extends WorkerEntrypoint<any> {
      fill(stored: Record<string, unknown>) {
        const objects = this.env.DASHBOARD_REBUILD_DO;
        return objects.getByName("dashboard").fill(stored);
      }
    }
    export default {};`,
};
