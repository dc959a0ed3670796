import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { makeCopy } from "./copy.ts";
import { mutate } from "./find.ts";
import type { Mutation, Room } from "./mutation.ts";
import { DRAFTS, MUTATIONS } from "./mutations.ts";
import { describeProof, prove, type Verdict } from "./prove.ts";
import { listFiles, readSources } from "./sources.ts";

// Removes each guard in turn from a copy of the repository and shows that the tests named with it then fail. With words
// as arguments: only the mutations whose names contain one of them.

/** Copies that are worked in side by side: the proofs are bound by the processor. */
const WORKERS = Number(process.env.MUTATION_WORKERS ?? 2);

interface Result {
  mutation: Mutation;
  verdict: Verdict;
  seconds: number;
}

const words = process.argv.slice(2);
const isChosen = ({ name }: { name: string }) => words.length === 0 || words.some((word) => name.includes(word));
const mutations = MUTATIONS.filter(isChosen);
const files = listFiles();
const sources = new Map<Room, ReturnType<typeof readSources>>();
const read = (room: Room) => {
  const known = sources.get(room) ?? readSources(room, files);
  sources.set(room, known);
  return known;
};
// All of them are looked for first: one that is not found must not wait for the others' tests.
const mutated = new Map(mutations.map((mutation) => [mutation, mutate(mutation, read(mutation.in.room))]));

const home = mkdtempSync(path.join(tmpdir(), "standings-mutations-"));
const results: Result[] = [];
try {
  const copies = Array.from({ length: WORKERS }, (_, index) => path.join(home, `copy-${index + 1}`));
  for (const copy of copies) makeCopy(copy, files);
  const byProof = Map.groupBy(mutations, ({ proof }) => JSON.stringify(proof));
  await inParallel(copies, [...byProof.values()], tryAll);
} finally {
  rmSync(home, { recursive: true, force: true });
}
conclude();

/** The mutations of one proof, once it passes with every guard in place: its failure shows nothing otherwise. */
async function tryAll(group: readonly Mutation[], copy: string): Promise<void> {
  const [first] = group;
  if (!first) return;
  const untouched = await prove(first.proof, copy).catch((error: Error) => error.message);
  if (untouched !== "survived") {
    const why = untouched === "killed" ? "it fails" : untouched;
    for (const { name } of group) console.log(`unproven  ${name}: ${why} with every guard in place`);
    console.log(`          ${describeProof(first.proof)}`);
    return;
  }
  for (const mutation of group) {
    const result = await tryMutation(mutation, copy);
    results.push(result);
    printResult(result);
  }
}

async function tryMutation(mutation: Mutation, copy: string): Promise<Result> {
  const change = mutated.get(mutation);
  if (!change) throw new Error(`${mutation.name} was not looked for`);
  const original = read(mutation.in.room).find((source) => source.path === change.path);
  const target = path.join(copy, change.path);
  const startedAt = Date.now();
  writeFileSync(target, change.text);
  try {
    const verdict = await prove(mutation.proof, copy);
    return { mutation, verdict, seconds: (Date.now() - startedAt) / 1_000 };
  } finally {
    writeFileSync(target, original?.text ?? "");
  }
}

async function inParallel<T>(
  copies: readonly string[],
  items: readonly T[],
  run: (item: T, copy: string) => Promise<void>,
) {
  const queue = [...items];
  await Promise.all(
    copies.map(async (copy) => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await run(item, copy);
    }),
  );
}

function printResult({ mutation, verdict, seconds }: Result): void {
  const where = [mutation.in.room, mutation.in.name ?? mutation.in.file].filter(Boolean).join(" ");
  const columns = [
    verdict.padEnd(9),
    mutation.name.padEnd(72),
    where.padEnd(36),
    `${seconds.toFixed(0)} s`.padStart(5),
  ];
  console.log(`${columns.join(" ")}  ${describeProof(mutation.proof)}`);
}

function conclude(): void {
  const survivors = results.filter(({ verdict }) => verdict === "survived");
  const unproven = mutations.length - results.length;
  console.log(
    `\n${results.length - survivors.length} of ${mutations.length} mutations were killed, ${unproven} are unproven`,
  );
  for (const { mutation } of survivors) console.log(`survived: ${mutation.name}: ${describeProof(mutation.proof)}`);
  const drafts = DRAFTS.filter(isChosen);
  for (const { name, missing, why } of drafts) console.log(`not written: ${name}: the ${missing} is missing: ${why}`);
  if (results.length === 0 && drafts.length === 0) console.log("no mutation has such a name");
  process.exitCode = survivors.length + drafts.length + unproven > 0 || results.length === 0 ? 1 : 0;
}
