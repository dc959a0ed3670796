import { readFileSync } from "node:fs";
import { parse } from "jsonc-parser";
import type { WorkerOptions } from "miniflare";

/** Modules of one Worker, the main one first. */
export type Modules = readonly { name: string; code: string }[];

type Bindings = NonNullable<WorkerOptions["config"]["env"]>;

interface WranglerConfig {
  name: string;
  compatibility_date: string;
  vars?: Record<string, string>;
  d1_databases?: { binding: string; database_id: string }[];
  kv_namespaces?: { binding: string; id: string }[];
  services?: { binding: string; service: string; entrypoint?: string }[];
  ratelimits?: { name: string; namespace_id: string }[];
  durable_objects?: { bindings: { name: string; class_name: string }[] };
}

/** More requests than any measurement makes: what is measured is the answer, not the limiter's refusal. */
const NO_LIMIT = { limit: 1_000_000_000, period: 60 } as const;

/** A Worker with the bindings of its own wrangler file, for miniflare. Rate limits count, and never refuse. */
export function toWorkerOptions(configPath: string, modules: Modules, settings: WorkerSettings = {}): WorkerOptions {
  const config: WranglerConfig = parse(readFileSync(configPath, "utf8"), [], { allowTrailingComma: true });
  const name = settings.name ?? config.name;
  const vars = { ...config.vars, ...settings.vars };
  const env: Bindings = {};
  for (const [key, value] of Object.entries(vars)) env[key] = { type: "text", value };
  for (const { binding, database_id: id } of config.d1_databases ?? []) env[binding] = { type: "d1", id };
  for (const { binding, id } of config.kv_namespaces ?? []) env[binding] = { type: "kv", id };
  for (const { binding, service, entrypoint } of config.services ?? []) {
    env[binding] = { type: "worker", worker: service, ...(entrypoint && { exportName: entrypoint }) };
  }
  for (const { name: binding, namespace_id } of config.ratelimits ?? []) {
    env[binding] = { type: "rate-limit", namespace: namespace_id, simple: NO_LIMIT };
  }
  const exports: NonNullable<WorkerOptions["config"]["exports"]> = {};
  for (const { name: binding, class_name } of config.durable_objects?.bindings ?? []) {
    env[binding] = { type: "durable-object", worker: name, exportName: class_name };
    exports[class_name] = { type: "durable-object", storage: "sqlite" };
  }
  return toOptions(name, modules, { ...env, ...settings.env }, config.compatibility_date, exports);
}

export interface WorkerSettings {
  /** Instead of the config's own. */
  name?: string;
  vars?: Record<string, string>;
  env?: Bindings;
}

/** A Worker that stands beside the product. */
export function toPeerOptions(name: string, code: string, env: Bindings = {}): WorkerOptions {
  return toOptions(name, [{ name: "worker.js", code }], env, "2026-11-01");
}

function toOptions(
  name: string,
  modules: Modules,
  env: Bindings,
  compatibilityDate: string,
  exports: WorkerOptions["config"]["exports"] = {},
): WorkerOptions {
  const contents = Object.fromEntries(modules.map(({ name: path, code }) => [path, { type: "esm", contents: code }]));
  const manifest = { mainModule: modules[0]?.name ?? "", modulesRoot: "/", modules: contents };
  return {
    config: { name, compatibilityDate, manifest, env, exports },
    // A socket of its own beside miniflare's shared front, whose cost is most of a small answer's.
    dev: { unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }] },
  } as WorkerOptions;
}
