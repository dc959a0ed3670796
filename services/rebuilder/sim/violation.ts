/** Something happened that must not, whatever else did. */
export class Violation extends Error {
  constructor(rule: string, detail: string) {
    super(`${rule}: ${detail}`);
    this.name = "Violation";
  }
}

export type Assert = (holds: boolean, rule: string, detail: () => string) => void;
