import { spawn } from "node:child_process";
import { join, relative } from "node:path";
import {
  ENVIRONMENTS,
  type Environment,
  findWrangler,
  ROOT,
  SERVICES,
  type Service,
  toConfigPath,
} from "./repository.ts";

export interface DryRun {
  ok: boolean;
  output: string;
}

/** wrangler only warns of a binding that an environment lacks, and goes on without it. */
const MISSING_BINDING = /is not inherited by environments/;

/** Bundles one Worker for one environment, as a deployment would. */
export async function runDryRun(configPath: string, environment: Environment, outDir: string): Promise<DryRun> {
  const [node = "", wrangler = ""] = findWrangler();
  const env = environment === "local" ? "" : environment;
  const child = spawn(
    node,
    [wrangler, "deploy", "--dry-run", "--outdir", outDir, "--config", configPath, `--env=${env}`],
    { cwd: ROOT, env: { ...process.env, WRANGLER_SEND_METRICS: "false" }, stdio: ["ignore", "pipe", "pipe"] },
  );
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const output = Buffer.concat(chunks).toString();
  return { ok: code === 0 && !MISSING_BINDING.test(output), output };
}

async function main(service: string | undefined): Promise<void> {
  if (!SERVICES.includes(service as Service)) {
    console.error(`usage: dry-run.ts ${SERVICES.join("|")}`);
    process.exitCode = 2;
    return;
  }
  const runs = ENVIRONMENTS.map(async (environment) => {
    const outDir = join(ROOT, "services", service as Service, "dist", environment);
    return { environment, outDir, ...(await runDryRun(toConfigPath(service as Service), environment, outDir)) };
  });
  for (const { environment, outDir, ok, output } of await Promise.all(runs)) {
    const upload = /Total Upload: (.+)/.exec(output)?.[1] ?? "";
    console.log(
      `${ok ? "ok    " : "FAILED"} ${service} ${environment} ${ok ? upload : ""} -> ${relative(ROOT, outDir)}`,
    );
    if (ok) continue;
    console.error(output);
    process.exitCode = 1;
  }
}

if (import.meta.main) await main(process.argv[2]);
