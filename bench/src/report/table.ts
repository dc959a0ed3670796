export interface Table {
  title: string;
  /** The first column is text, the others are numbers and stand to the right. */
  columns: readonly string[];
  rows: readonly (readonly string[])[];
  notes?: readonly string[];
}

/** For the terminal. */
export function toText({ title, columns, rows, notes = [] }: Table): string {
  const widths = columns.map((column, index) => Math.max(column.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const toLine = (cells: readonly string[]) =>
    widths
      .map((width, index) => (index === 0 ? (cells[index] ?? "").padEnd(width) : (cells[index] ?? "").padStart(width)))
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  return [title, "", toLine(columns), rule, ...rows.map(toLine), ...notes.map((note) => `* ${note}`), ""].join("\n");
}

/** For a document. */
export function toMarkdown({ columns, rows, notes = [] }: Table): string {
  const toLine = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const rule = columns.map((_, index) => (index === 0 ? "---" : "---:"));
  const lines = [toLine(columns), toLine(rule), ...rows.map(toLine)];
  return [...lines, ...(notes.length > 0 ? ["", ...notes.map((note) => `- ${note}`)] : [])].join("\n");
}

/** Whole numbers as they are, others with three significant digits: no measurement here is more precise than that. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  if (Number.isInteger(value)) return group(String(value));
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  const rounded = Math.abs(value) < 1_000 ? value.toFixed(Math.min(digits, 3)) : Math.round(value).toFixed(0);
  const [whole = "", fraction] = rounded.split(".");
  return fraction === undefined ? group(whole) : `${group(whole)}.${fraction}`;
}

function group(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ",");
}

export function formatRange({ min, max }: { min: number; max: number }): string {
  return `${formatNumber(min)}–${formatNumber(max)}`;
}
