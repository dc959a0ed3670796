import { COMMIT } from "./lists/commit.ts";
import { JUDGEMENT } from "./lists/judgement.ts";
import { LANES } from "./lists/lanes.ts";
import { REBUILD } from "./lists/rebuild.ts";
import type { Draft, Mutation } from "./mutation.ts";

/** Each guard that keeps the board true and the rebuild alive. Without any one of them some test must fail. */
export const MUTATIONS: readonly Mutation[] = [...REBUILD, ...LANES, ...JUDGEMENT, ...COMMIT];

/** None now. */
export const DRAFTS: readonly Draft[] = [];
