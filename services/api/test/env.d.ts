import type { D1Migration } from "cloudflare:test";
import type { Env as ApiEnv } from "../src/env.ts";

declare module "vitest" {
  interface ProvidedContext {
    fuzz: { seed: number; path: string; runs: number };
  }
}

declare global {
  namespace Cloudflare {
    interface GlobalProps {
      mainModule: typeof import("../src/worker.ts");
    }
    interface Env extends ApiEnv {
      TEST_MIGRATIONS: D1Migration[];
    }
  }
}
