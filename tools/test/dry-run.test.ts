import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runDryRun } from "../src/dry-run.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dry-run-"));
  writeFileSync(join(folder, "worker.js"), "export default { fetch: () => new Response() };");
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("a dry run", () => {
  it("passes when an environment has every binding", async () => {
    const config = writeConfig({ staging: { vars: { A: "2" } } });
    expect(await runDryRun(config, "local", join(folder, "dist"))).toMatchObject({ ok: true });
    expect(await runDryRun(config, "staging", join(folder, "dist"))).toMatchObject({ ok: true });
  });

  it("fails when an environment lacks a binding, which wrangler only warns of", async () => {
    const run = await runDryRun(writeConfig({ staging: {} }), "staging", join(folder, "dist"));
    expect(run).toEqual({ ok: false, output: expect.stringContaining('"vars" exists at the top level') });
  });

  it("fails when the Worker does not bundle", async () => {
    writeFileSync(join(folder, "worker.js"), "export default {");
    expect(await runDryRun(writeConfig({}), "local", join(folder, "dist"))).toMatchObject({ ok: false });
  });
});

function writeConfig(env: object): string {
  const path = join(folder, "wrangler.jsonc");
  const config = { name: "one", main: "worker.js", compatibility_date: "2026-11-01", vars: { A: "1" }, env };
  writeFileSync(path, JSON.stringify(config));
  return path;
}
