import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { assertPortFree, findFreePort } from "../src/start/ports.ts";
import { createMark, killMarked, listMarked } from "../src/start/process-tree.ts";
import { readRoster } from "../src/start/seed.ts";
import { writeWorkerConfigs } from "../src/start/worker-config.ts";
import { createLineClassifier } from "../src/start/wrangler-output.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "start-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("the generated configs", () => {
  it("are the top level of each config with absolute paths and merged vars, the secrets beside it", () => {
    const none = { vars: {}, secrets: {} };
    const paths = writeWorkerConfigs(folder, {
      api: { vars: {}, secrets: { ADMIN_TOKEN: "t0ken" } },
      rebuilder: { ...none, vars: { CHUNK_SIZE: "7" } },
    });
    const [api, rebuilder] = [readJson(paths.api), readJson(paths.rebuilder)];
    expect(rebuilder.vars).toMatchObject({ CHUNK_SIZE: "7", HIRO_API_URL: "https://api.hiro.so" });
    for (const config of [api, rebuilder]) {
      expect(config).not.toHaveProperty("env");
      expect(config.main).toMatch(/^\/.*\/services\/\w+\/src\/worker\.ts$/);
      expect(statSync(config.d1_databases[0]?.migrations_dir ?? "").isDirectory()).toBe(true);
      expect(JSON.stringify(config)).not.toContain("t0ken");
    }
    expect(readFileSync(join(folder, "api/.dev.vars"), "utf8")).toBe("ADMIN_TOKEN='t0ken'\n");
    expect(readFileSync(join(folder, "rebuilder/.dev.vars"), "utf8")).toBe("");
    expect(statSync(join(folder, "api/.dev.vars")).mode & 0o077).toBe(0);
  });

  it("say where a config is malformed", () => {
    for (const name of ["api", "rebuilder"]) writeFileSync(join(folder, `wrangler.${name}.jsonc`), '{ "name": }');
    const settings = { vars: {}, secrets: {} };
    expect(() => writeWorkerConfigs(folder, { api: settings, rebuilder: settings }, folder)).toThrow(
      /wrangler\.api\.jsonc: ValueExpected at character 10/,
    );
  });
});

describe("the roster to seed", () => {
  it("is generated, or that of a file", () => {
    expect(readRoster(undefined).agents).toHaveLength(430);
    const file = join(folder, "roster.json");
    writeFileSync(file, '{"agents":[{"stxAddress":"SP1"}],"cachedAt":"x"}');
    expect(readRoster(file)).toEqual({ agents: [{ stxAddress: "SP1" }], cachedAt: "x" });
  });

  it.each([
    ["{", /ROSTER_FILE: cannot read .* as JSON/],
    ["[]", /has no array "agents"/],
    ['{"agents":{}}', /has no array "agents"/],
    ["null", /has no array "agents"/],
  ])("is refused when the file holds %s", (content, message) => {
    const file = join(folder, "roster.json");
    writeFileSync(file, content);
    expect(() => readRoster(file)).toThrow(message);
  });

  it("is refused when there is no such file", () => {
    expect(() => readRoster(join(folder, "none.json"))).toThrow(/ROSTER_FILE: cannot read/);
  });
});

describe("what wrangler prints", () => {
  it("is sorted into errors with their traces, the Workers' own output and noise", () => {
    const classify = createLineClassifier();
    const kinds = LINES.map(([, line]) => classify(line));
    expect(kinds).toEqual(LINES.map(([kind]) => kind));
  });
});

describe("ports", () => {
  it("are refused when in use", async () => {
    const port = await findFreePort();
    await assertPortFree(port);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    await expect(assertPortFree(port)).rejects.toThrow(`PORT: ${port} is in use`);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe("what was started for a state folder", () => {
  it("is found by its mark, children of dead parents included, and killed", async () => {
    const child = spawnSleeper(folder);
    const grandchild = Number(await readLine(child));
    expect(listMarked(folder).sort()).toEqual([child.pid, grandchild].sort());
    expect(listMarked(`${folder}-other`)).toEqual([]);
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
    expect(listMarked(folder)).toEqual([grandchild]);
    expect(killMarked(folder)).toEqual([grandchild]);
    await waitUntil(() => listMarked(folder).length === 0);
  });

  it("is cleared up by the guard when nobody holds its input any more", async () => {
    const guard = spawn(process.execPath, [join(import.meta.dirname, "../src/start/guard.ts"), folder], {
      stdio: ["pipe", "ignore", "inherit"],
    });
    const child = spawnSleeper(folder);
    await readLine(child);
    const guardEnded = new Promise((resolve) => guard.once("exit", resolve));
    guard.stdin?.end();
    expect(await guardEnded).toBe(0);
    await waitUntil(() => listMarked(folder).length === 0);
  });
});

const LINES = [
  ["noise", "standings-api has access to the following bindings:"],
  ["noise", "Binding                      Resource          Mode"],
  ["noise", 'env.ADMIN_TOKEN ("(hidden)") Environment Variable local'],
  ["noise", "▲ [WARNING] Scheduled Workers are not automatically triggered during local development."],
  ["noise", '    curl "http://localhost:8787/cdn-cgi/local/scheduled"'],
  ["noise", "[wrangler:info] Ready on http://localhost:8787"],
  ["console", '[standings-rebuilder] {"level":"info"}'],
  ["console", "its second line"],
  ["noise", "[wrangler:info] GET /dashboard 200 OK (3ms)"],
  ["console", '▲ [WARNING] {"level":"warn"}'],
  ["error", '✘ [ERROR] {"level":"error"}'],
  ["noise", ""],
  ["error", "      at alarm (file:///worker.ts:8:51)"],
  ["noise", "⎔ Reloading local server..."],
  ["error", "[wrangler:error] Error: no such thing"],
] as const;

interface Generated {
  main: string;
  vars: Record<string, string>;
  d1_databases: { migrations_dir: string }[];
}

function readJson(path: string): Generated {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** A marked process that starts another one, prints its id and waits. */
function spawnSleeper(stateDir: string) {
  const sleep = "setTimeout(() => {}, 600000)";
  const script = `console.log(require("child_process").spawn(process.execPath, ["-e", "${sleep}"]).pid); ${sleep};`;
  return spawn(process.execPath, ["-e", script], {
    env: { ...process.env, ...createMark(stateDir) },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

async function readLine(child: { stdout: NodeJS.ReadableStream | null }): Promise<string> {
  for await (const chunk of child.stdout ?? []) return String(chunk).trim();
  return "";
}

async function waitUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
