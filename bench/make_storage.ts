import { basename } from "node:path";
import { main } from "../lib/cli/main.ts";
import { editStorage } from "../lib/files/store/edit_storage.ts";
import { IdentityIndex } from "../lib/files/index/identity_index.ts";
import { writeIndexSnapshot } from "../lib/files/index/index_snapshot.ts";
import { type StorageLayout, storageLayout } from "../lib/files/disk/layout.ts";
import { ReadRanges } from "../lib/files/log/read_ranges.ts";
import { sealLines } from "../lib/files/log/sealed_line.ts";
import { writeAll } from "../lib/files/disk/atomic_file.ts";
import { folderArgument } from "./folder_argument.ts";

const SAMPLE_ITEMS = ["book", "pen", "notebook"];
const OPENING = 1_000_000_000;
const PARTITIONS = 3;
const LINES_A_WRITE = 20_000;
/** What the index keeps of the log's end. */
const ENDING_BYTES = 24;

export interface StorageSize {
  /** Accepted orders in the log. */
  orders: number;
  items?: number;
  /** Batches read before, one line each, as journalled before journals were compacted. */
  batches?: number;
  /** Edits of stock that were made before, likewise. */
  edits?: number;
}

/**
 * Fills an empty folder as if `orders` orders of one unit each had been accepted, with a clean stop: log, stock of
 * `items` items, index. With a past of many batches and edits, runs a tool at the end, which compacts the journals.
 *
 * For measuring at sizes that otherwise take long to reach. Permissions: read and write of the folder.
 */
export async function makeStorage(folder: string, size: StorageSize): Promise<void> {
  const { orders, items = SAMPLE_ITEMS.length, batches = 0, edits = 0 } = size;
  Deno.mkdirSync(folder, { recursive: true });
  const layout = storageLayout(folder);
  const names = items === SAMPLE_ITEMS.length ? SAMPLE_ITEMS : Array.from({ length: items }, (_, at) => `item-${at}`);
  writeLines(layout.edits, items + edits, (index) => {
    const was = index < items ? null : OPENING;
    return { seq: index + 1, batch: index + 1, item: names[index % items], set: OPENING, was, by: "tool" };
  });
  const stock = names.map(() => OPENING);
  writeLog(layout, orders, { names, stock, edits: items + edits });
  const asOf = orders + items + edits;
  const rows = names.map((item, index) => `${item},${stock[index]},${asOf}\n`);
  Deno.writeTextFileSync(layout.inventory, "item,quantity,as_of\n" + rows.join(""));
  Deno.writeTextFileSync(layout.users, "user,status\nalice,paid\nbob,unpaid\ncarol,paid\n");
  writeLines(layout.positions, batches, (index) => {
    const from = Math.floor(index / PARTITIONS);
    return { seq: asOf, topic: "made", partition: index % PARTITIONS, from, to: from + 1 };
  });
  noteOwnWriting(layout, asOf);
  if (batches + edits > 0) await editStorage(folder, () => {}, { warn: console.error });
}

function writeLines(path: string, count: number, record: (index: number) => object): void {
  using file = Deno.openSync(path, { write: true, create: true, truncate: true });
  for (let done = 0; done < count; done += LINES_A_WRITE) {
    const length = Math.min(LINES_A_WRITE, count - done);
    writeAll(file, sealLines(Array.from({ length }, (_, index) => record(done + index))).bytes);
  }
}

interface MadeStock {
  names: string[];
  stock: number[];
  /** Edits, numbered before the orders. */
  edits: number;
}

function writeLog(layout: StorageLayout, orders: number, made: MadeStock): void {
  const index = new IdentityIndex();
  const log = Deno.openSync(layout.orders, { write: true, create: true, truncate: true });
  let length = 0;
  let end = "";
  for (let done = 0; done < orders; done += LINES_A_WRITE) {
    const count = Math.min(LINES_A_WRITE, orders - done);
    const lines = Array.from({ length: count }, (_, at) => logLine(done + at, done, made));
    const { bytes, starts } = sealLines(lines);
    writeAll(log, bytes);
    lines.forEach(({ order_id }, at) => index.add(order_id, length + starts[at]));
    length += bytes.length;
    end = new TextDecoder("latin1").decode(bytes.subarray(-ENDING_BYTES));
  }
  log.syncSync();
  log.close();
  const seq = orders === 0 ? 0 : orders + made.edits;
  writeIndexSnapshot(layout.index, index, { path: layout.orders, seq, end });
}

function logLine(order: number, batch: number, { names, stock, edits }: MadeStock) {
  const item = order % names.length;
  const [seq, batchSeq] = [order + edits + 1, batch + edits + 1];
  const order_id = `${String(order).padStart(8, "0")}-6d0c-4f0e-9d0a-0d0f8a6e6d0c`;
  const placed = { topic: "made", partition: 0, offset: order, remaining: --stock[item] };
  const asked = { order_id, user: "alice", item: names[item], quantity: 1, created_at: 1_795_000_000_000 + order };
  return { ...asked, seq, batch: batchSeq, ...placed };
}

/** As the store does: CSV files it did not write are compared with the whole log. */
function noteOwnWriting(layout: StorageLayout, seq: number): void {
  const readRanges = new ReadRanges(layout);
  for (const path of [layout.users, layout.inventory]) readRanges.wrote(basename(path), Deno.readFileSync(path), seq);
  readRanges.close();
}

if (import.meta.main) {
  await main(async (args) => {
    const [orders, ...others] = args.slice(1).map(Number);
    const [items, batches, edits]: (number | undefined)[] = others;
    await makeStorage(folderArgument(args), { orders, items, batches, edits });
  });
}
