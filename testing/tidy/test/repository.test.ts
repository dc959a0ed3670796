import { describe, expect, it } from "vitest";
import { findFiles, isFile, listPackages, readManifest, readText } from "../src/files.ts";
import { isRead, listDeployments, readDeclared, WORKERS } from "../src/vars.ts";

const root = readManifest();
const packages = listPackages();
const SOURCES = findFiles(/\.(?:ts|tsx|mjs)$/).filter((file) => !file.startsWith("testing/tidy/"));
const TEXTS = findFiles(/\.(?:ts|tsx|mjs|md|json|jsonc|yml|sql|sh)$|^\.ci\//).filter(
  (file) => file !== "package-lock.json" && !file.startsWith("testing/tidy/"),
);

function findLines(files: readonly string[], pattern: RegExp): string[] {
  return files.flatMap((file) =>
    readText(file)
      .split("\n")
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim().slice(0, 120)}`] : [])),
  );
}

describe("the packages", () => {
  it("have the one version of the repository, by which they also depend on each other", () => {
    const others = packages.flatMap(({ manifest }) => {
      const own = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
      const internal = own.filter(([name, version]) => name.startsWith("@standings/") && version !== root.version);
      return [...(manifest.version === root.version ? [] : [manifest.name]), ...internal.map(([name]) => name)];
    });
    expect(others).toEqual([]);
  });

  it("depend on exact versions, and on one of each package", () => {
    const versions = new Map<string, Set<string>>();
    for (const { dependencies, devDependencies } of [root, ...packages.map(({ manifest }) => manifest)]) {
      for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
        versions.set(name, (versions.get(name) ?? new Set()).add(version));
      }
    }
    const loose = [...versions].filter(([, used]) => used.size > 1 || [...used].some((one) => !/^\d/.test(one)));
    expect(loose.map(([name, used]) => `${name} ${[...used].join(", ")}`)).toEqual([]);
  });

  it("run the install scripts that somebody decided about, and no other", () => {
    const { packages: locked } = JSON.parse(readText("package-lock.json")) as {
      packages: Record<string, { hasInstallScript?: true; optional?: true }>;
    };
    const scripted = Object.entries(locked).filter(
      ([, { hasInstallScript, optional }]) => hasInstallScript && !optional,
    );
    const names = scripted.map(([path]) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length));
    expect([...new Set(names)].sort()).toEqual(Object.keys(root.allowScripts ?? {}).sort());
  });

  it("are run by the one Node that .node-version names", () => {
    expect(readText(".node-version").trim()).toBe(root.devDependencies?.node);
  });
});

describe.each(WORKERS)("wrangler.%s.jsonc", (worker) => {
  const [local, ...deployed] = listDeployments(worker);
  const declared = readDeclared(worker);

  it("gives every environment the same vars and bindings", () => {
    for (const { vars, bindings } of deployed)
      expect({ vars, bindings }).toEqual({ vars: local?.vars, bindings: local?.bindings });
  });

  it("sets the vars and bindings that the Worker declares, and no other", () => {
    expect(local?.vars).toEqual(declared.vars);
    expect(local?.bindings).toEqual(declared.bindings);
  });

  it("sets nothing that the Worker does not read, and the Worker declares no secret that it does not read", () => {
    const names = [...declared.vars, ...declared.bindings, ...declared.secrets];
    expect(names.filter((name) => !isRead(worker, name))).toEqual([]);
  });

  it("has secrets that the guides name", () => {
    const guides = findFiles(/^(?:README\.md|docs\/operations\.md)$/)
      .map(readText)
      .join("\n");
    expect(declared.secrets.filter((name) => !guides.includes(name))).toEqual([]);
  });
});

describe("the sources", () => {
  it("name no path of one machine", () => {
    expect(findLines(TEXTS, /(?<![\w.:/-])\/(?:home|Users|root|work|opt|private)\/\w/)).toEqual([]);
  });

  it("import types by import statements, which the linter sees", () => {
    const shipped = SOURCES.filter((file) => /\/src\//.test(file) && !file.endsWith(".test.ts"));
    expect(findLines(shipped, /(?<!await )\bimport\(["'][^"')]+["']\)(?:\.[A-Z]|[;>,)\]])/)).toEqual([]);
  });

  it("leave nothing for later: no notes to do, no test skipped or alone", () => {
    expect(
      findLines(SOURCES, /\b(?:TODO|FIXME|XXX|HACK)\b|\b(?:it|test|describe)\.(?:skip|only|todo|fails)\b/),
    ).toEqual([]);
  });

  it("silence no check of types", () => {
    expect(findLines(SOURCES, /@ts-(?:ignore|nocheck)|\bas any\b/)).toEqual([]);
  });

  it("have a file that says how to work here", () => {
    for (const file of ["AGENTS.md", "CONTRIBUTING.md", "docs/decisions.md", ".editorconfig"])
      expect(isFile(file)).toBe(true);
  });
});
