import fc from "fast-check";
import { history, live } from "/work/main/services/rebuilder/sim/history.ts";
const runs = Number(process.argv[2] ?? 200); const seed = Number(process.argv[3] ?? 1);
let commands = 0, ticks = 0; const t = Date.now();
try {
await fc.assert(fc.asyncProperty(history, async (h) => { const r = await live(h); commands += r.commands; ticks += r.ticks; }), { numRuns: runs, seed, endOnFailure: process.argv[4] === "fast" });
} catch (e) { console.log(String((e as Error).message).slice(0, 3000)); console.log(String((e as any).cause?.stack ?? "").slice(0,1500)); }
console.log({ commands, ticks, ms: Date.now() - t });
