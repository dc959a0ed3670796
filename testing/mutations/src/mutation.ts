/** A package of the repository, by its folder. */
export const ROOMS = {
  balances: "packages/balances",
  db: "packages/db",
  "upstream-sim": "packages/upstream-sim",
  rebuilder: "services/rebuilder",
  api: "services/api",
  tools: "tools",
} as const;
export type Room = keyof typeof ROOMS;

/** Where a guard stands, wherever in the package's sources that is today. */
export interface Place {
  room: Room;
  /** A function, method, constant or property: the one at the top of a file, or else declared once in the package. */
  name?: string; // missing = the pattern says enough to be met once in the whole package
  /** The end of the file's path, where two declarations of the package share the name. */
  file?: string;
}

/** What shows that a guard is needed: tests chosen by file and title, or simulated histories. */
export type Proof = { room: Room; test: string; title?: string } | { histories: number };

/** One guard, and what stands in its place without it. Found by syntax: neither moves nor formatting matter. */
export interface Mutation {
  name: string;
  in: Place;
  /**
   * An ast-grep pattern, met exactly once inside the place: $X stands for one node, $$$X for several. With a context,
   * where the piece alone is no code: the node of the context that has the kind. Or a piece of SQL inside a template,
   * whitespace aside: {} stands for one of its values.
   */
  find: string | { context: string; kind: string } | { sql: string };
  /** May name what was caught. "" = gone. */
  replace: string;
  proof: Proof;
}

/** A guard whose mutation cannot be written yet. While there is one, a full run fails. */
export interface Draft {
  name: string;
  missing: "guard" | "proof";
  why: string;
}
