import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";

/** The top of the checkout. */
export const ROOT = resolve(import.meta.dirname, "../..");

export const SERVICES = ["api", "rebuilder"] as const;
export type Service = (typeof SERVICES)[number];

/** The environments of both configs. The local one is their top level. */
export const ENVIRONMENTS = ["local", "staging", "production"] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

export function toConfigPath(service: Service, root = ROOT): string {
  return join(root, `wrangler.${service}.jsonc`);
}

const MIN_NODE_MAJOR = 22;

/** What to run wrangler with: this very node, and wrangler's own command file, whatever PATH holds. */
export function findWrangler(): string[] {
  if (Number(process.versions.node.split(".", 1)[0]) < MIN_NODE_MAJOR) {
    throw new Error(
      `node ${process.versions.node} is too old: run it through npm, which puts a newer one first on PATH`,
    );
  }
  const manifest = createRequire(import.meta.url).resolve("wrangler/package.json");
  return [process.execPath, join(dirname(manifest), "bin/wrangler.js")];
}
