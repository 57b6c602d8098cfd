import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { IdentityIndex } from "./identity_index.ts";
import { TEMP_SUFFIX } from "../disk/layout.ts";
import { writeAll } from "../disk/atomic_file.ts";

/** Bytes of the header line, padded with blanks. */
const HEADER_BYTES = 256;
/** 2: hashes with a secret key. 3: with the table of slots. */
const FORMAT = 3;

interface Header {
  format: number;
  /** Identities in the file, and the key of their hashes in hexadecimal. */
  size: number;
  key: string;
  /** How far the log was indexed: its length in bytes, and the sequence number of its last line. */
  logLength: number;
  logSeq: number;
  /** The last bytes of the log at that time, with the checksum of its last line: another log has others. */
  logEnd: string;
  /** The result of `stat` on the log at that time; if unchanged, the log need not be read again. */
  logStamp: string;
  /** CRC-32 of everything after the header. */
  crc: number;
}

/** An index read back, and how far into the log it reaches. */
export interface LoadedSnapshot {
  index: IdentityIndex;
  logLength: number;
  logSeq: number;
  logEnd: string;
  /** Whether nobody has touched the log since. */
  logUntouched: boolean;
}

/**
 * Writes the index beside the log, so that the next start need not read all of it again.
 *
 * Disposable: if it is missing or does not fit the log, the log is read. So it is not synced; its checksum reveals a
 * half-written one. Permissions: read and write of the folder.
 */
export function writeIndexSnapshot(
  path: string,
  index: IdentityIndex,
  log: { path: string; seq: number; end: string },
): void {
  const temp = path + TEMP_SUFFIX;
  const file = Deno.openSync(temp, { write: true, create: true, truncate: true });
  try {
    const stat = Deno.statSync(log.path);
    file.seekSync(HEADER_BYTES, Deno.SeekMode.Start);
    let crc = 0;
    for (const bytes of index.toBytes()) {
      writeAll(file, bytes);
      crc = crc32(bytes, crc);
    }
    file.seekSync(0, Deno.SeekMode.Start);
    const about = {
      size: index.size,
      key: new Uint8Array(index.key.buffer).toHex(),
      logLength: stat.size,
      logSeq: log.seq,
      logEnd: log.end,
      logStamp: stampOf(stat),
      crc,
    };
    writeAll(file, Buffer.from(JSON.stringify({ format: FORMAT, ...about } satisfies Header).padEnd(HEADER_BYTES)));
  } finally {
    file.close();
  }
  Deno.renameSync(temp, path);
}

/** The index of an earlier run; undefined if none fits the log. Permission: read. */
export function readIndexSnapshot(path: string, logPath: string): LoadedSnapshot | undefined {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  try {
    return readFrom(file, Deno.statSync(logPath));
  } catch (error) {
    // Another format, or cut short: the log is read instead.
    if (error instanceof SyntaxError || error instanceof Deno.errors.UnexpectedEof) return undefined;
    throw error;
  } finally {
    file.close();
  }
}

function readFrom(file: Deno.FsFile, log: Deno.FileInfo): LoadedSnapshot | undefined {
  const header = new Uint8Array(HEADER_BYTES);
  readAll(file, header);
  const { format, size, key, logLength, logSeq, logEnd, logStamp, crc }: Header = JSON.parse(
    new TextDecoder().decode(header),
  );
  if (format !== FORMAT || logLength > log.size || inodeOf(logStamp) !== log.ino) return undefined;
  let actual = 0;
  const hashKey = new Uint32Array(Uint8Array.fromHex(key).buffer);
  const index = IdentityIndex.fromBytes(size, hashKey, (into) => {
    readAll(file, into);
    actual = crc32(into, actual);
  });
  return actual === crc ? { index, logLength, logSeq, logEnd, logUntouched: logStamp === stampOf(log) } : undefined;
}

function stampOf({ ino, size, mtime, ctime }: Deno.FileInfo): string {
  return `${ino}/${size}/${mtime?.getTime()}/${ctime?.getTime()}`;
}

function inodeOf(stamp: string): number {
  return Number(stamp.slice(0, stamp.indexOf("/")));
}

function readAll(file: Deno.FsFile, into: Uint8Array): void {
  for (let done = 0; done < into.length;) {
    const count = file.readSync(into.subarray(done));
    if (count === null) throw new Deno.errors.UnexpectedEof();
    done += count;
  }
}
