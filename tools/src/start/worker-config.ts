import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type ParseError, parse, printParseErrorCode } from "jsonc-parser";
import { SERVICES, type Service, toConfigPath } from "../repository.ts";

/** What a generated config has that the checked-in one has not. */
export interface LocalSettings {
  vars: Record<string, string>;
  secrets: Record<string, string>;
}

export type ConfigPaths = Record<Service, string>;

/**
 * Writes a config of its own for each Worker: of two configs, `wrangler dev --var` reaches only the first. Each has its
 * own folder, because the secrets stand beside it in `.dev.vars`, from where wrangler does not print them.
 */
export function writeWorkerConfigs(
  stateDir: string,
  settings: Record<Service, LocalSettings>,
  root?: string,
): ConfigPaths {
  const paths = SERVICES.map((service) => {
    const folder = join(stateDir, service);
    const path = join(folder, "wrangler.json");
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, JSON.stringify(toLocalConfig(toConfigPath(service, root), settings[service].vars), null, 2));
    const secrets = Object.entries(settings[service].secrets).map(([name, value]) => `${name}='${value}'\n`);
    writeFileSync(join(folder, ".dev.vars"), secrets.join(""), { mode: 0o600 });
    return [service, path] as const;
  });
  return Object.fromEntries(paths) as ConfigPaths;
}

interface WorkerConfig {
  $schema?: string;
  env?: unknown;
  main: string;
  vars?: Record<string, string>;
  d1_databases?: { migrations_dir?: string }[];
}

/** The top level of a checked-in config, with paths that hold from anywhere. */
function toLocalConfig(path: string, vars: Record<string, string>): WorkerConfig {
  const { $schema: _schema, env: _env, ...config } = readJsonc(path) as WorkerConfig;
  const from = dirname(path);
  return {
    ...config,
    main: resolve(from, config.main),
    vars: { ...config.vars, ...vars },
    ...(config.d1_databases && {
      d1_databases: config.d1_databases.map((database) => ({
        ...database,
        ...(database.migrations_dir && { migrations_dir: resolve(from, database.migrations_dir) }),
      })),
    }),
  };
}

function readJsonc(path: string): unknown {
  const errors: ParseError[] = [];
  const value: unknown = parse(readFileSync(path, "utf8"), errors, { allowTrailingComma: true });
  const first = errors[0];
  if (first) throw new Error(`${path}: ${printParseErrorCode(first.error)} at character ${first.offset}`);
  return value;
}
