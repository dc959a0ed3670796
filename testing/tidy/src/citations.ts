import { findFiles, readText } from "./files.ts";

/** Something a document names that must exist. */
export interface Citation {
  document: string;
  file: string; // or the beginning of several, with * for a part of a name
  title: string | null; // of a test in it
}

// `path/to/x.test.ts` "title", or `short` "title" where the document's own table says what the short stands for.
const CITED = /`([^`\n]+)`(?: "((?:[^"\\]|\\.)+)")?/g;
const SHORT_ROW = /^\|\s*`([\w-]+)`\s*\|\s*`([^`|]+)`/gm;
const LOOKS_LIKE_FILE = /^(?:[\w.*-]+\/)+[\w.*{},-]+\.(?:ts|tsx|json|jsonc|sql|yml|md)$|^[\w-]+\.(?:md|jsonc|yml)$/;

/** The files and test titles that a document cites. */
export function listCitations(document: string): Citation[] {
  const text = readText(document).replaceAll(/^```[\s\S]*?^```/gm, "");
  const shorts = new Map([...text.matchAll(SHORT_ROW)].map(([, short, path]) => [short ?? "", path ?? ""]));
  return [...text.matchAll(CITED)].flatMap(([, cited = "", title]): Citation[] => {
    const file = shorts.get(cited) ?? cited;
    const isFile = LOOKS_LIKE_FILE.test(file) || (shorts.has(cited) && title !== undefined);
    return isFile ? [{ document, file, title: title ?? null }] : [];
  });
}

/** The files that a citation means: one path, or a pattern with * in a name and ** across folders. */
export function resolve({ file }: Citation): string[] {
  const pattern = file
    .replace(/[.+?^${}()|[\]\\]/g, "\\$&")
    .replaceAll("**", ".+")
    .replaceAll(/\*(?!\*)/g, "[^/]*");
  return findFiles(new RegExp(file.endsWith("/") ? `^${pattern}.*\\.test\\.tsx?$` : `^(?:${pattern}|.*/${pattern})$`));
}

/** Scripts that a document tells people to run: "npm run x", "npm run x -w y" and the short forms. */
export function listScripts(document: string): { script: string; workspace: string | null }[] {
  const commands = readText(document).matchAll(/\bnpm (?:run )?([a-z][\w:-]*)([^`\n|]*)/g);
  return [...commands].flatMap(([whole, script = "", rest = ""]) => {
    const isScript = whole.startsWith("npm run ") || script === "test" || script === "start";
    return isScript ? [{ script, workspace: /-w (\S+)/.exec(rest)?.[1] ?? null }] : [];
  });
}
