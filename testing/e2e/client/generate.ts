import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import openapiTypescript, { astToString } from "openapi-typescript";

const API_TYPES = join(import.meta.dirname, "dist/api.d.ts");
const COMMITTED = join(import.meta.dirname, "../../../services/api/openapi.json");

/** Writes the types of a client, as a stranger would generate them from the document alone. */
export async function generateTypes(document: string): Promise<void> {
  mkdirSync(dirname(API_TYPES), { recursive: true });
  writeFileSync(API_TYPES, astToString(await openapiTypescript(document)));
}

// The committed document is the served one: a test of the API holds them together.
if (import.meta.main) await generateTypes(readFileSync(COMMITTED, "utf8"));
