import { defineConfig } from "vitest/config";

// Pure tests only: what is measured is measured by `npm run bench`, never by `npm test`.
export default defineConfig({ test: { include: ["src/**/*.test.ts"] } });
