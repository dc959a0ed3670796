import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { pinGenerator } from "../rig/processes.ts";
import type { LoadJob, LoadResult } from "./job.ts";

export interface LoadGenerator {
  /** Throws when a single request failed: a rate with errors in it is no rate. */
  run(job: LoadJob): Promise<LoadResult>;
  close(): void;
}

export function startLoadGenerator(): LoadGenerator {
  const child = fork(join(import.meta.dirname, "generator.ts"), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  if (child.pid !== undefined) pinGenerator(child.pid);
  return {
    async run(job) {
      child.send(job);
      const result = await takeAnswer(child);
      if (result.errors > 0) {
        throw new Error(
          `${result.errors} of ${result.requests} requests to ${job.url} failed or were no ${job.expectedStatus}`,
        );
      }
      return result;
    },
    close: () => child.kill(),
  };
}

function takeAnswer(child: ChildProcess): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error("the load generator has ended"));
    child.once("exit", onExit);
    child.once("message", (message: { result?: LoadResult; error?: string }) => {
      child.off("exit", onExit);
      if (message.result) resolve(message.result);
      else reject(new Error(message.error ?? "the load generator gave no result"));
    });
  });
}
