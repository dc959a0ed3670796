/** Says what is being done while it runs. To the error stream, so that tables can be piped elsewhere. */
export type Progress = (line: string) => void;

export function createProgress(now: () => number, write: (text: string) => void): Progress {
  const startedAt = now();
  return (line) => {
    const seconds = Math.floor((now() - startedAt) / 1_000);
    const clock = `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
    write(`${clock} ${line}\n`);
  };
}
