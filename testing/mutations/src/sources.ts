import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Source } from "./find.ts";
import { ROOMS, type Room } from "./mutation.ts";

export const TOP = path.resolve(import.meta.dirname, "../../..");

/** Tracked and new files of the repository, below its top. */
export function listFiles(): string[] {
  const list = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], { cwd: TOP, encoding: "utf8" });
  return [...new Set(list.split("\0"))].filter(Boolean);
}

/** What a package ships, without its tests. */
export function readSources(room: Room, files: readonly string[]): Source[] {
  const isSource = new RegExp(`^${ROOMS[room]}/src/.*(?<!\\.test)\\.tsx?$`);
  return files
    .filter((file) => isSource.test(file))
    .map((file) => ({ path: file, text: readFileSync(path.join(TOP, file), "utf8") }));
}
