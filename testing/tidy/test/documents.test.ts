import { MUTATIONS } from "@standings/mutations";
import { describe, expect, it } from "vitest";
import { listCitations, listScripts, resolve } from "../src/citations.ts";
import { findFiles, listPackages, readManifest, readText } from "../src/files.ts";
import { INVARIANTS_DOCUMENT, listIdsInCode, readInvariants } from "../src/invariants.ts";
import { hasTitle } from "../src/titles.ts";

const DOCUMENTS = findFiles(/^(?:[A-Z]+\.md|docs\/.*\.md)$/);
const invariants = readInvariants();

describe.each(DOCUMENTS)("%s", (document) => {
  it("cites files that exist, and tests by titles that they have", () => {
    const wrong = listCitations(document).filter((citation) => {
      const files = resolve(citation);
      const { title } = citation;
      return files.length === 0 || (title !== null && !files.some((file) => hasTitle(file, title)));
    });
    expect(wrong).toEqual([]);
  });

  it("names scripts that exist", () => {
    const packages = listPackages().map(({ manifest }) => manifest);
    const root = readManifest();
    const missing = listScripts(document).filter(({ script, workspace }) => {
      const manifest = workspace ? packages.find(({ name }) => name === workspace) : root;
      return !manifest?.scripts?.[script];
    });
    expect(missing).toEqual([]);
  });

  it("links to files that exist", () => {
    const folder = document.includes("/") ? `${document.slice(0, document.lastIndexOf("/"))}/` : "";
    const links = [...readText(document).matchAll(/\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)/g)].map(
      ([, link = ""]) => link,
    );
    const targets = links.map((link) => new URL(link, `file:///${folder}`).pathname.slice(1));
    expect(targets.filter((target) => findFiles(new RegExp(`^${target}`)).length === 0)).toEqual([]);
  });
});

describe("the invariants", () => {
  it("are numbered, each once, with a sentence, a reason and something that enforces it", () => {
    const ids = invariants.map(({ id }) => id);
    expect(ids).toEqual([...ids.keys()].map((index) => `I-${index + 1}`));
    const bare = invariants.filter(({ sentence, why, tests, isSimulated, mutations, others }) => {
      return sentence === "" || why === "" || (!isSimulated && tests.length + mutations.length + others.length === 0);
    });
    expect(bare).toEqual([]);
  });

  it("name tests of the form that is checked", () => {
    const all = invariants.flatMap(({ tests }) => tests);
    const cited = listCitations(INVARIANTS_DOCUMENT).filter(({ title }) => title !== null);
    expect(cited.length).toBe(all.length);
  });

  it("are those that the code names: each is defined", () => {
    const defined = new Set(invariants.map(({ id }) => id));
    expect([...listIdsInCode()].filter(([id]) => !defined.has(id))).toEqual([]);
  });

  it("that the simulation is said to check are those that it checks", () => {
    const simulated = [...listIdsInCode()].filter(([, files]) => files.some((file) => file.includes("/sim/")));
    const said = invariants.filter(({ isSimulated }) => isSimulated).map(({ id }) => id);
    expect(said.sort()).toEqual(simulated.map(([id]) => id).sort());
  });

  it("share out the mutations: each belongs to one, and none is only said to exist", () => {
    const cited = invariants.flatMap(({ mutations }) => mutations);
    expect(cited.sort()).toEqual(MUTATIONS.map(({ name }) => name).sort());
  });
});
