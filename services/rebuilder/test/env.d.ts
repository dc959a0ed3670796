declare namespace Cloudflare {
  interface Env extends RebuilderEnv {
    TEST_MIGRATIONS: import("@cloudflare/vitest-plugin").D1Migration[];
  }
  type RebuilderEnv = import("../src/env.ts").Env;
  interface GlobalProps {
    mainModule: typeof import("../src/worker.ts");
  }
}
