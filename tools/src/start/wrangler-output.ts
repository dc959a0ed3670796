/** What one line of `wrangler dev` is: for the person at the terminal or for the log file only. */
export type LineKind = "error" | "console" | "noise";

const ERROR = /^(?:[✘X] \[ERROR\]|\[wrangler:error\]|Uncaught )/;
const NOISE =
  /^(?:[▲!] \[WARNING\] (?:Scheduled Workers|Processing )|\[wrangler:|⎔|Using secrets|Binding |env\.|Service bindings, |\S+ has access to)/;
/** What is left of the warnings comes from `console.warn`. */
const WARNING = /^[▲!] \[WARNING\]/;

/** Lines that start nothing belong to what came before them: a stack trace to its error. */
export function createLineClassifier(): (line: string) => LineKind {
  let kind: LineKind = "noise";
  return (line) => {
    if (ERROR.test(line)) kind = "error";
    else if (NOISE.test(line)) kind = "noise";
    else if (WARNING.test(line) || CONSOLE.test(line)) kind = "console";
    return line.trim() === "" ? "noise" : kind;
  };
}

/** With more than one Worker, wrangler puts the Worker's name before what it logs. */
const CONSOLE = /^\[(?!wrangler:)[\w-]+\] /;

/** The first line of what a Worker wrote through `console.error` or threw. */
export function isErrorStart(line: string): boolean {
  return ERROR.test(line);
}
