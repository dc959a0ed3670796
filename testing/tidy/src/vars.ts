import { Lang, parse } from "@ast-grep/napi";
import { parse as parseJsonc } from "jsonc-parser";
import { findFiles, readText } from "./files.ts";

export const WORKERS = ["api", "rebuilder"] as const;
export type Worker = (typeof WORKERS)[number];

interface Deployment {
  vars?: Record<string, string>;
  d1_databases?: { binding: string }[];
  kv_namespaces?: { binding: string }[];
  services?: { binding: string }[];
  durable_objects?: { bindings: { name: string }[] };
  ratelimits?: { name: string }[];
}

/** The vars and the bindings of each environment of a Worker, sorted; "" is the local one. */
export function listDeployments(worker: Worker): { environment: string; vars: string[]; bindings: string[] }[] {
  const config = parseJsonc(readText(`wrangler.${worker}.jsonc`)) as Deployment & { env?: Record<string, Deployment> };
  return Object.entries({ "": config, ...config.env }).map(([environment, deployment]) => ({
    environment,
    vars: Object.keys(deployment.vars ?? {}).sort(),
    bindings: [
      ...(deployment.d1_databases ?? []).map(({ binding }) => binding),
      ...(deployment.kv_namespaces ?? []).map(({ binding }) => binding),
      ...(deployment.services ?? []).map(({ binding }) => binding),
      ...(deployment.durable_objects?.bindings ?? []).map(({ name }) => name),
      ...(deployment.ratelimits ?? []).map(({ name }) => name),
    ].sort(),
  }));
}

export interface Declared {
  vars: string[];
  secrets: string[];
  bindings: string[];
}

const NAME = /^[A-Z][A-Z0-9_]*$/;

/** What a Worker's code declares: its zod schemas of vars and secrets, or else the members of its Env. */
export function readDeclared(worker: Worker): Declared {
  const files = findFiles(new RegExp(`^services/${worker}/src/(?:env|config)\\.ts$`));
  const roots = files.map((file) => parse(Lang.TypeScript, readText(file)).root());
  const keysOf = (schema: string) =>
    roots.flatMap((root) => {
      const rule = { kind: "variable_declarator", has: { field: "name", regex: `^${schema}$` } };
      const keys = root.find({ rule })?.findAll({ rule: { kind: "pair" } }) ?? [];
      return keys.map((pair) => pair.field("key")?.text() ?? "").filter((key) => NAME.test(key));
    });
  const members = roots.flatMap((root) => {
    const env = root.find({ rule: { kind: "interface_declaration", has: { field: "name", regex: "^Env$" } } });
    const signatures = env?.findAll({ rule: { kind: "property_signature" } }) ?? [];
    return signatures.map((member) => ({ name: member.field("name")?.text() ?? "", text: member.text() }));
  });
  const isSecret = ({ text }: { text: string }) => /\?: string\b/.test(text);
  const isVar = ({ text }: { text: string }) => /[^?]: string\b/.test(text);
  const names = (chosen: typeof members) => chosen.map(({ name }) => name);
  return {
    vars: [...keysOf("varsSchema"), ...names(members.filter(isVar))].sort(),
    secrets: [...keysOf("secretsSchema"), ...names(members.filter(isSecret))].sort(),
    bindings: names(members.filter((member) => !isVar(member) && !isSecret(member))).sort(),
  };
}

/** Whether any source of the Worker reads a name, beside declaring it. */
export function isRead(worker: Worker, name: string): boolean {
  const reads = new RegExp(`[.\\["]${name}\\b|[{,]\\s*${name}\\s*[,}]`);
  return findFiles(new RegExp(`^services/${worker}/src/.*(?<!\\.test)\\.tsx?$`)).some((file) =>
    reads.test(readText(file)),
  );
}
