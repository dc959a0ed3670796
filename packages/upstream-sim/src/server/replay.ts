import { readFileSync, statSync } from "node:fs";
import { extname, resolve, sep } from "node:path";
import { z } from "zod";
import { BadInput, parseInput } from "../bad-input.ts";
import { HOSTS, type Host } from "../hosts.ts";

const answerSchema = z.object({
  host: z.string().toLowerCase().pipe(z.enum(HOSTS)),
  /** Under the host's base URL; the query is ignored. */
  path: z.string().startsWith("/"),
  status: z.int().min(200).max(599),
  /** Beside index.json. */
  file: z.string().min(1),
  content_type: z.string().optional(),
});

const indexSchema = z.object({ answers: z.array(answerSchema).min(1) });

const CONTENT_TYPES: Record<string, string> = {
  ".json": "application/json; charset=utf-8",
  ".txt": "text/plain",
  ".html": "text/html; charset=UTF-8",
};

export interface Replay {
  answers: number;
  answer(host: Host, path: string): Response;
}

/** Reads everything at once, so that a missing file shows at start. Throws a BadInput that says what is wrong. */
export function loadReplay(folder: string): Replay {
  const indexPath = resolve(folder, "index.json");
  const answers = new Map<string, () => Response>();
  for (const { host, path, status, file, content_type } of parseIndex(indexPath)) {
    const key = `${host} ${path}`;
    if (answers.has(key)) throw new BadInput(`${indexPath}: ${key} is listed twice`);
    const body = readAnswer(folder, file, indexPath);
    const type = content_type ?? CONTENT_TYPES[extname(file)] ?? "application/octet-stream";
    answers.set(key, () => new Response(body, { status, headers: { "content-type": type } }));
  }
  return {
    answers: answers.size,
    answer(host, path) {
      const recorded = answers.get(`${host} ${path}`) ?? answers.get(`${host} ${decodePath(path)}`);
      return recorded?.() ?? Response.json({ error: "not recorded", host, path }, { status: 503 });
    },
  };
}

function parseIndex(indexPath: string): z.output<typeof answerSchema>[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(indexPath, "utf8"));
  } catch (error) {
    throw new BadInput(`${indexPath}: cannot be read as JSON (${error instanceof Error ? error.message : error})`);
  }
  return parseInput(indexSchema, parsed, indexPath).answers;
}

function readAnswer(folder: string, file: string, indexPath: string): string {
  const path = resolve(folder, file);
  if (!path.startsWith(resolve(folder) + sep)) throw new BadInput(`${indexPath}: ${file} is outside the folder`);
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) throw new BadInput(`${indexPath}: ${file} does not exist`);
  return readFileSync(path, "utf8");
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // a stray percent sign: only the path as it is can match
  }
}
