import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { findWrangler, ROOT, type Service, toConfigPath } from "@standings/tools/repository";

/** What would be deployed: one minified module. */
export interface BuiltWorker {
  service: Service;
  folder: string;
  code: string;
  bytes: number;
  gzipBytes: number;
}

/** Bundles a Worker as a deployment does, minified. Throws with wrangler's own words when it cannot. */
export async function buildWorker(service: Service): Promise<BuiltWorker> {
  const folder = join(ROOT, "bench/dist", service);
  const [node = "", wrangler = ""] = findWrangler();
  await run(node, [
    ...[wrangler, "deploy", "--dry-run", "--minify", "--outdir", folder],
    ...["--config", toConfigPath(service), "--env="],
  ]);
  const code = readFileSync(join(folder, "worker.js"), "utf8");
  return { service, folder, code, bytes: Buffer.byteLength(code), gzipBytes: gzipSync(code).byteLength };
}

/** Runs a program to its end. @returns all that it printed; throws with it when it fails */
export function run(program: string, args: readonly string[], cwd = ROOT): Promise<string> {
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_WRITE_LOGS: "false", NO_COLOR: "1" };
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      const output = Buffer.concat(chunks).toString();
      if (code === 0) resolve(output);
      else reject(new Error(`${args.join(" ")} ended with ${code}:\n${output}`));
    });
  });
}
