import type { WriteStream } from "node:tty";

export interface Screen {
  print(line: string): void;
  printError(line: string): void;
  /** One line that is replaced by the next, where that is possible. */
  showProgress(line: string): void;
  /** Leaves the progress line as it is. */
  end(): void;
}

/** What came over the network can hold anything, and a terminal obeys some of it. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

function toPrintable(line: string): string {
  return line.replace(UNPRINTABLE, "\ufffd");
}

type Stream = Pick<WriteStream, "write"> & Partial<Pick<WriteStream, "isTTY" | "columns">>;

export function createScreen(out: Stream, error: Stream): Screen {
  let isOpen = false;
  const end = () => {
    if (isOpen) out.write("\n");
    isOpen = false;
  };
  return {
    end,
    print(line) {
      end();
      out.write(`${toPrintable(line)}\n`);
    },
    printError(line) {
      end();
      error.write(`${toPrintable(line)}\n`);
    },
    showProgress(line) {
      const text = toPrintable(line);
      if (!out.isTTY) {
        out.write(`${text}\n`);
        return;
      }
      // Longer than the terminal is wide, it would begin a new line each time.
      out.write(`\r\u001b[K${text.slice(0, Math.max(20, (out.columns ?? 80) - 1))}`);
      isOpen = true;
    },
  };
}
