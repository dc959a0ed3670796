import { spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "@standings/tools/repository";

/** `npm run ops -- …`, to its end. */
export function runOps(args: readonly string[], url: string, token: string) {
  const child = spawn(process.execPath, [join(ROOT, "tools/src/ops.ts"), ...args, "--url", url], {
    env: { ...process.env, ADMIN_TOKEN: token },
  });
  const stdout: string[] = [];
  const stderr: string[] = [];
  child.stdout.on("data", (data) => stdout.push(String(data)));
  child.stderr.on("data", (data) => stderr.push(String(data)));
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout: stdout.join(""), stderr: stderr.join("") }));
  });
}
