import { readFileSync } from "node:fs";
import { parse } from "jsonc-parser";
import { describe, expect, it } from "vitest";
import { ENVIRONMENTS, type Environment, SERVICES, type Service, toConfigPath } from "../src/repository.ts";

/** Bindings and vars are not inherited: what the top level has, every environment must have too. */
describe.each(SERVICES)("wrangler.%s.jsonc", (service) => {
  const names = listBindingNames(readEnvironment(service, "local"));

  it.each(["staging", "production"] as const)("has the same bindings and vars in %s as at the top level", (name) => {
    expect(listBindingNames(readEnvironment(service, name))).toEqual(names);
  });

  it("has no environment besides those", () => {
    expect(Object.keys(readConfig(service).env ?? {}).sort()).toEqual(["production", "staging"]);
  });
});

describe("the API", () => {
  it.each([
    ["staging", 5, 60],
    ["production", 5, 60],
  ] as const)(
    "lets a client of %s fail to authenticate %i times and search %i times a minute",
    (name, fails, searches) => {
      const limits = readEnvironment("api", name).ratelimits ?? [];
      expect(limits.map((limit) => [limit.name, limit.simple])).toEqual([
        ["AUTH_FAILURES", { limit: fails, period: 60 }],
        ["SEARCHES", { limit: searches, period: 60 }],
      ]);
    },
  );

  it("counts in each environment by itself", () => {
    const ids = ENVIRONMENTS.flatMap((name) =>
      readEnvironment("api", name).ratelimits?.map((limit) => limit.namespace_id),
    );
    expect(new Set(ids).size).toBe(6);
  });
});

describe("the rebuilder", () => {
  it.each(ENVIRONMENTS)("has no public way in: %s", (name) => {
    const config = { ...readConfig("rebuilder"), ...readEnvironment("rebuilder", name) };
    expect([config.workers_dev, config.preview_urls]).toEqual([false, false]);
    expect([config.route, config.routes]).toEqual([undefined, undefined]);
  });
});

describe("the two Workers", () => {
  it.each(ENVIRONMENTS)("meet in one database and one service: %s", (name) => {
    const api = readEnvironment("api", name);
    const rebuilder = readEnvironment("rebuilder", name);
    expect(api.d1_databases).toEqual(rebuilder.d1_databases);
    expect(api.services?.map((binding) => binding.service)).toEqual([toWorkerName("rebuilder", name)]);
  });

  it.each(["d1_databases", "kv_namespaces"] as const)("share no %s between environments", (kind) => {
    const ids = ENVIRONMENTS.map((name) => (readEnvironment("rebuilder", name)[kind] ?? []).map(toResourceId));
    expect(ids.every((list) => list.length > 0)).toBe(true);
    expect(new Set(ids.flat()).size).toBe(ids.flat().length);
  });
});

interface Section {
  vars?: Record<string, string>;
  d1_databases?: { binding: string; database_id: string }[];
  kv_namespaces?: { binding: string; id: string }[];
  durable_objects?: { bindings: { name: string }[] };
  services?: { binding: string; service: string }[];
  ratelimits?: { name: string; namespace_id: string; simple: { limit: number; period: number } }[];
  workers_dev?: boolean;
  preview_urls?: boolean;
  route?: unknown;
  routes?: unknown;
}

interface Config extends Section {
  name: string;
  env?: Record<string, Section>;
}

function readConfig(service: Service): Config {
  return parse(readFileSync(toConfigPath(service), "utf8"));
}

function readEnvironment(service: Service, environment: Environment): Section {
  const { env, ...topLevel } = readConfig(service);
  return environment === "local" ? topLevel : (env?.[environment] ?? {});
}

function toWorkerName(service: Service, environment: Environment): string {
  const { name } = readConfig(service);
  return environment === "local" ? name : `${name}-${environment}`;
}

/** Whatever a section binds, kinds unknown to this test included: "kind name". */
function listBindingNames(section: Section): string[] {
  return Object.entries(section)
    .flatMap(([kind, value]): string[] => {
      if (kind === "vars") return Object.keys(value as object).map((name) => `vars ${name}`);
      const bindings = (value as { bindings?: unknown } | null)?.bindings ?? value;
      if (!Array.isArray(bindings)) return [];
      return bindings.flatMap((entry: { binding?: string; name?: string }) => {
        const name = entry?.binding ?? entry?.name;
        return name === undefined ? [] : [`${kind} ${name}`];
      });
    })
    .sort();
}

function toResourceId(binding: { database_id: string } | { id: string }): string {
  return "database_id" in binding ? binding.database_id : binding.id;
}
