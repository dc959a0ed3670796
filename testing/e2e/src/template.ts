import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRoster, seedState } from "@standings/tools/start/seed";
import { writeWorkerConfigs } from "@standings/tools/start/worker-config";
import type { TestProject } from "vitest/node";

/** Migrating and seeding an empty state takes seconds of two wranglers: once for all files. */
export default async function setup({ provide }: TestProject): Promise<() => void> {
  const template = mkdtempSync(join(tmpdir(), "standings-template-"));
  const none = { vars: {}, secrets: {} };
  const configs = writeWorkerConfigs(template, { api: none, rebuilder: none });
  await seedState(template, configs.rebuilder, readRoster(undefined), { onLine: () => {}, onStep: () => {} });
  provide("template", template);
  return () => rmSync(template, { recursive: true, force: true });
}
