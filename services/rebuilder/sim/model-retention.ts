import {
  KEEP_NEWEST_VERSIONS,
  KEEP_REMOVED_AGENTS_MS,
  KEEP_VERSIONS_MS,
  MAX_KEPT_VERSIONS,
  type NewPublication,
} from "@standings/db";
import type { ModelPublication, Tables } from "./model-tables.ts";

/** What publishing drops of the versions before. */
export function pruneVersions(
  publications: Map<number, ModelPublication>,
  { version: newest, publishedAt: nowMs }: NewPublication,
): void {
  for (const [version, { publishedAt }] of publications) {
    const isOld = publishedAt < nowMs - KEEP_VERSIONS_MS || version <= newest - MAX_KEPT_VERSIONS;
    if (version <= newest - KEEP_NEWEST_VERSIONS && isOld) publications.delete(version);
  }
}

/** What publishing drops of agents that left long ago. @returns whether it dropped any */
export function pruneAgents({ agents, balances, fetches }: Tables, nowMs: number): boolean {
  let hasDropped = false;
  for (const [address, { removed_at: removedAt }] of agents) {
    if (removedAt === null || removedAt >= nowMs - KEEP_REMOVED_AGENTS_MS) continue;
    for (const table of [agents, balances, fetches]) table.delete(address);
    hasDropped = true;
  }
  return hasDropped;
}
