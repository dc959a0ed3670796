import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "jsonc-parser";
import { describe, expect, it } from "vitest";
import { ROOT, SERVICES, toConfigPath } from "../src/repository.ts";

describe.each(SERVICES)("the vars of wrangler.%s.jsonc", (service) => {
  it("are each read by the Worker that has them", () => {
    const { vars } = parse(readFileSync(toConfigPath(service), "utf8")) as { vars: Record<string, string> };
    const source = globSync(join(ROOT, "services", service, "src/**/*.{ts,tsx}"))
      .map((path) => readFileSync(path, "utf8"))
      .join("\n");
    expect(Object.keys(vars).filter((name) => !new RegExp(`\\b${name}\\b`).test(source))).toEqual([]);
  });
});
