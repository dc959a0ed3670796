/** Counts what histories contained: a run that never saw something says nothing about it. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(what: string, times = 1): void {
    if (times > 0) this.#counts.set(what, (this.#counts.get(what) ?? 0) + times);
  }

  /** Keeps the largest. */
  max(what: string, value: number): void {
    this.#counts.set(what, Math.max(this.#counts.get(what) ?? value, value));
  }

  get(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  missing(required: readonly string[]): string[] {
    return required.filter((what) => this.get(what) === 0);
  }

  /** The table, in columns, by name. */
  toText(): string {
    const cells = [...this.#counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([what, times]) => `${what.padEnd(46)}${String(times).padStart(9)}`);
    const rows = Math.ceil(cells.length / 2);
    return Array.from({ length: rows }, (_, row) => [cells[row], cells[row + rows]].filter(Boolean).join("    ")).join(
      "\n",
    );
  }
}
