import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { listFiles, TOP } from "@standings/mutations/sources";

const tracked = listFiles().filter((file) => existsSync(path.join(TOP, file)));

/** Files of the repository whose path matches, below its top. */
export function findFiles(pattern: RegExp): string[] {
  return tracked.filter((file) => pattern.test(file));
}

export function isFile(file: string): boolean {
  return tracked.includes(file);
}

const texts = new Map<string, string>();

export function readText(file: string): string {
  const text = texts.get(file) ?? readFileSync(path.join(TOP, file), "utf8");
  texts.set(file, text);
  return text;
}

export interface Manifest {
  name: string;
  version: string;
  engines?: { node: string };
  scripts?: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  allowScripts?: Record<string, boolean>;
}

export function readManifest(file = "package.json"): Manifest {
  return JSON.parse(readText(file));
}

/** The packages of the repository, the root left out: folder and manifest. */
export function listPackages(): { folder: string; manifest: Manifest }[] {
  return findFiles(/^[^/]+(?:\/[^/]+)?\/package\.json$/).map((file) => ({
    folder: path.dirname(file),
    manifest: readManifest(file),
  }));
}
