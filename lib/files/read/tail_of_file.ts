import { visitLines } from "../log/lines.ts";

const LINE_FEED = 0x0a;

/** A file of lines that others append to, and may replace, as it is at one look; disposed after it. */
export class LookedAtFile implements Disposable {
  /** Distinguishes it from another file that took its place. */
  readonly inode: number;
  readonly size: number;
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
    const { ino, size } = file.statSync();
    this.inode = ino ?? 0;
    this.size = size;
  }

  /** Undefined if there is no such file. Permission: read. */
  static open(path: string): LookedAtFile | undefined {
    try {
      return new LookedAtFile(Deno.openSync(path));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  /** Bytes `[from, to)`, fewer if somebody has cut the file meanwhile; they are put into `into`. */
  read(from: number, to: number, into: Uint8Array): Uint8Array {
    this.#file.seekSync(from, Deno.SeekMode.Start);
    let done = 0;
    while (done < to - from) {
      const count = this.#file.readSync(into.subarray(done, to - from));
      if (count === null) break;
      done += count;
    }
    return into.subarray(0, done);
  }

  /**
   * The whole lines that begin and end within `[from, to)`; `isStart` says whether a line begins at `from`. Lines longer
   * than `into` are passed over. Their bytes are valid until the next read.
   */
  linesIn(from: number, to: number, { into, isStart }: { into: Uint8Array; isStart: boolean }): Uint8Array[] {
    const bytes = this.read(from, Math.min(to, from + into.length), into);
    const begin = isStart ? 0 : bytes.indexOf(LINE_FEED) + 1;
    const lines: Uint8Array[] = [];
    if (!isStart && begin === 0) return lines;
    visitLines((a, b) => bytes.subarray(a, b), begin, bytes.length, (line, _start, whole) => {
      if (whole) lines.push(line);
    });
    return lines;
  }
}
