import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { TOP } from "@standings/mutations/sources";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findFiles } from "../src/files.ts";

// The linter's rules, held against files that break them: a rule that never fires holds nothing.

const long = `export function f() {\n${"  g();\n".repeat(61)}}\nfunction g() {}\n`;
const imports = (specifier: string) => `import { x } from "${specifier}";\nexport const y = x;\n`;

const BROKEN: readonly (readonly [file: string, text: string, says: string])[] = [
  ["packages/balances/src/a.ts", imports("@standings/db"), "balances <- db <- api"],
  ["packages/balances/src/b.ts", imports("../../db/../../packages/db/src/c.ts"), "no path leads into another package"],
  ["packages/balances/src/long.ts", long, "too many lines"],
  ["packages/db/src/a.ts", imports("@standings/rebuilder"), "packages/db takes its connection as an argument"],
  ["packages/db/src/b.ts", imports("cloudflare:workers"), "packages/db takes its connection as an argument"],
  ["packages/db/test/a.ts", imports("@standings/api"), "tested without any service"],
  ["packages/upstream-sim/src/a.ts", imports("@standings/balances"), "share no code with what is held against them"],
  ["packages/upstream-sim/src/b.ts", imports("node:fs"), "what needs Node belongs into"],
  ["packages/upstream-sim/src/c.ts", imports("./server/index.ts"), "what needs Node belongs into"],
  ["packages/upstream-sim/src/server/a.ts", imports("@standings/rebuilder"), "share no code with what is held against"],
  ["services/rebuilder/src/contract/a.ts", imports("../tick/a.ts"), "The contract is what others read"],
  ["services/rebuilder/src/contract/b.ts", imports("kysely"), "The contract is what others read"],
  ["services/rebuilder/src/safeguards/a.ts", imports("../tick/a.ts"), "A safeguard is a pure verdict"],
  ["services/rebuilder/src/safeguards/b.ts", imports("../rebuild/a.ts"), "A safeguard is a pure verdict"],
  ["services/rebuilder/src/tick/a.ts", imports("../rebuild/b.ts"), "A tick is handed what it needs"],
  ["services/rebuilder/src/tick/b.ts", imports("../env.ts"), "A tick is handed what it needs"],
  ["services/rebuilder/src/tick/c.ts", imports("hono"), "The rebuilder has no HTTP surface"],
  ["services/rebuilder/src/rebuild/a.ts", imports("../object.ts"), "The shell loads, calls and saves"],
  ["services/rebuilder/src/rpc.ts", imports("@standings/api"), "The rebuilder has no HTTP surface"],
  ["services/rebuilder/sim/a.ts", imports("@standings/tools"), "The rebuilder is tested without the API"],
  ["services/api/src/http/a.ts", imports("../ranking/a.ts"), "http/ knows no ranking and no route"],
  ["services/api/src/ranking/a.ts", imports("../routes/deep/a.ts"), "ranking/ reads and shapes"],
  ["services/api/src/routes/deep/a.ts", imports("../../discovery/a.ts"), "does not import its description"],
  ["services/api/src/pages/a.tsx", imports("../app.ts"), "does not import its description"],
  ["services/api/src/mcp/a.ts", imports("../discovery/a.ts"), "does not import its description"],
  ["services/api/src/discovery/a.ts", imports("../app.ts"), "discovery is handed the document"],
  ["services/api/src/env.ts", imports("@standings/rebuilder"), "knows @standings/rebuilder/contract alone"],
  [
    "services/api/src/app.ts",
    'import { fetchQuotes } from "@standings/balances";\nexport const y = fetchQuotes;\n',
    "never calls an upstream",
  ],
  ["services/api/test/a.ts", imports("@standings/upstream-sim"), "The API is tested without upstreams"],
  ["tools/src/circle-a.ts", 'import type { B } from "./circle-b.ts";\nexport type A = B[];\n', "part of a cycle"],
  ["tools/src/circle-b.ts", 'import type { A } from "./circle-a.ts";\nexport type B = { a: A };\n', "part of a cycle"],
];

const ALLOWED: readonly (readonly [file: string, text: string])[] = [
  ["packages/balances/test-free.ts", imports("zod")],
  [
    "services/rebuilder/src/contract/good.ts",
    'import type { Lane } from "@standings/balances";\nexport type L = Lane;\n',
  ],
  ["services/rebuilder/src/tick/good.ts", imports("../safeguards/good.ts")],
  ["services/rebuilder/src/rebuild/good.ts", imports("../contract/rpc.ts")],
  ["services/rebuilder/test/good.ts", imports("@standings/upstream-sim")],
  ["services/api/src/routes/good.ts", imports("@standings/rebuilder/contract")],
  ["services/api/src/pages/good.ts", imports("../ranking/good.ts")],
];

interface Diagnostic {
  message: string | { content: string }[];
  location: { path: string | { file: string } | null } | null;
}

const copy = mkdtempSync(path.join(tmpdir(), "standings-lint-"));
let found: { file: string; says: string }[] = [];

beforeAll(() => {
  for (const file of [...findFiles(/(?:^|\/)biome\.json$/), ".gitignore"]) write(file);
  for (const [file, text] of [...BROKEN, ...ALLOWED]) write(file, text);
  found = lint();
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

it.each(BROKEN)("the linter refuses %s and says why", (file, _, says) => {
  expect(found.filter((one) => one.file.endsWith(file)).map((one) => one.says)).toContainEqual(
    expect.stringContaining(says),
  );
});

it("the linter takes what the directions allow", () => {
  const allowed = ALLOWED.map(([file]) => file);
  expect(found.filter(({ file }) => allowed.some((one) => file.endsWith(one)))).toEqual([]);
});

function write(file: string, text?: string): void {
  const target = path.join(copy, file);
  mkdirSync(path.dirname(target), { recursive: true });
  if (text === undefined) cpSync(path.join(TOP, file), target);
  else writeFileSync(target, text);
}

/** What the linter says of the copy. It ends with an error, as it should. */
function lint(): { file: string; says: string }[] {
  const biome = path.join(TOP, "node_modules/.bin/biome");
  const args = ["lint", "--reporter=json", "--max-diagnostics=none", "."];
  let output: string;
  try {
    output = execFileSync(biome, args, { cwd: copy, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch (error) {
    output = String((error as { stdout?: unknown }).stdout ?? "");
  }
  const { diagnostics } = JSON.parse(output) as { diagnostics: Diagnostic[] };
  return diagnostics.map(({ message, location }) => ({
    says: typeof message === "string" ? message : message.map(({ content }) => content).join(""),
    file: typeof location?.path === "string" ? location.path : (location?.path?.file ?? ""),
  }));
}
