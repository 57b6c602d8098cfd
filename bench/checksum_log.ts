import { crc32 } from "node:zlib";
import { storageLayout } from "../lib/files/disk/layout.ts";
import { main } from "../lib/cli/main.ts";
import { AppendFile } from "../lib/files/disk/append_file.ts";
import { visitLines } from "../lib/files/log/lines.ts";
import { folderArgument } from "./folder_argument.ts";

const BLOCK_BYTES = 1 << 20;

/**
 * Reads the log of a storage folder once and takes its CRC-32, in blocks; then again with the CRC-32 of each line, as its
 * lines have them, which is the least that any check of it has to do. Prints how long each takes. Permission: read of
 * the folder.
 */
function measure(folder: string): void {
  const { orders } = storageLayout(folder);
  const [inBlocks, byLine] = [checksumBlocks, checksumLines].map((checksum) => {
    const since = performance.now();
    checksum(orders);
    return (performance.now() - since).toFixed(2);
  });
  console.log(`blocks ${inBlocks} ms, lines ${byLine} ms`);
}

function checksumBlocks(path: string): number {
  using file = Deno.openSync(path);
  const block = new Uint8Array(BLOCK_BYTES);
  let crc = 0;
  for (let count = file.readSync(block); count !== null; count = file.readSync(block)) {
    crc = crc32(block.subarray(0, count), crc);
  }
  return crc;
}

function checksumLines(path: string): number {
  const file = AppendFile.openToRead(path);
  let crc = 0;
  visitLines((from, to, into) => file.read(from, to, into), 0, file.length, (line) => {
    crc ^= crc32(line);
  });
  file.close();
  return crc;
}

if (import.meta.main) await main((args) => Promise.try(() => measure(folderArgument(args))));
