import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import path from "node:path";
import { TOP } from "./sources.ts";

/** The given files of the repository in a folder of their own, with the installed packages linked in. */
export function makeCopy(copy: string, files: readonly string[]): void {
  for (const file of files.filter((one) => existsSync(path.join(TOP, one)))) {
    const target = path.join(copy, file);
    mkdirSync(path.dirname(target), { recursive: true });
    cpSync(path.join(TOP, file), target);
  }
  const folders = files
    .filter((file) => /^[^/]+(?:\/[^/]+)?\/package\.json$/.test(file))
    .map((file) => path.dirname(file));
  for (const folder of [".", ...folders]) linkModules(copy, folder);
  // Links to the workspaces must lead into the copy, everything else may lead out of it.
  for (const folder of folders) {
    const { name } = JSON.parse(readFileSync(path.join(TOP, folder, "package.json"), "utf8"));
    const link = path.join(copy, "node_modules", name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(path.join(copy, folder), link);
  }
}

function linkModules(copy: string, folder: string): void {
  const from = path.join(TOP, folder, "node_modules");
  if (!existsSync(from)) return;
  const to = path.join(copy, folder, "node_modules");
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    if (name !== "@standings") symlinkSync(path.join(from, name), path.join(to, name));
  }
}
