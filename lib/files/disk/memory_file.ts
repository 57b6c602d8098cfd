/** What an append-only file needs from an open file. */
export type OpenFile = Pick<
  Deno.FsFile,
  "readSync" | "writeSync" | "seekSync" | "truncateSync" | "syncData" | "statSync" | "close"
>;

/** A file as it was when read, with changes kept in memory only: for reading storage that may not be written. */
export class MemoryFile implements OpenFile {
  #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  readSync(into: Uint8Array): number | null {
    const part = this.#bytes.subarray(this.#position, this.#position + into.length);
    into.set(part);
    this.#position += part.length;
    return part.length === 0 ? null : part.length;
  }

  writeSync(bytes: Uint8Array): number {
    const grown = new Uint8Array(Math.max(this.#bytes.length, this.#position + bytes.length));
    grown.set(this.#bytes);
    grown.set(bytes, this.#position);
    this.#bytes = grown;
    this.#position += bytes.length;
    return bytes.length;
  }

  /** Seeks from the start, the only case needed here. */
  seekSync(offset: number): number {
    return this.#position = offset;
  }

  truncateSync(length: number): void {
    this.#bytes = this.#bytes.slice(0, length);
  }

  syncData(): Promise<void> {
    return Promise.resolve();
  }

  statSync(): Deno.FileInfo {
    return { size: this.#bytes.length, ino: null } as Deno.FileInfo;
  }

  close(): void {}
}
