declare namespace Cloudflare {
  interface Env {
    DB: D1Database;
    OLDER_DB: D1Database; // without migrations until a test applies some
    TEST_MIGRATIONS: import("@cloudflare/vitest-plugin").D1Migration[];
  }
}
