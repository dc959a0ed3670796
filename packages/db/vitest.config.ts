import path from "node:path";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig(async () => ({
  plugins: [
    cloudflareTest({
      verbose: false,
      miniflare: {
        compatibilityDate: "2026-11-01",
        d1Databases: { DB: "standings", OLDER_DB: "standings-of-an-older-release" },
        bindings: { TEST_MIGRATIONS: await readD1Migrations(path.join(import.meta.dirname, "../../migrations")) },
      },
    }),
  ],
  test: { include: ["test/**/*.test.ts"], setupFiles: ["./test/setup.ts"], testTimeout: 30_000 },
}));
