import { escapeControls } from "./escape.ts";
import { printError } from "./print.ts";

/**
 * Reading that takes less than this many milliseconds is not reported; nor is more than one line printed per interval.
 */
const EVERY_MS = 5_000;

/** Reports on stderr how far the reading of a long file is, once it takes a while. */
export function readingProgress(what: string): (done: number, total: number) => void {
  let last = performance.now();
  return (done, total) => {
    if (performance.now() - last < EVERY_MS) return;
    last = performance.now();
    printError(escapeControls(`Reading ${what}: ${Math.floor(done / total * 100)}% of ${sizeOf(total)}`));
  };
}

function sizeOf(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
