import { join } from "node:path";
import { sealLines } from "../lib/files/sealed_line.ts";

const ITEMS = ["book", "pen", "notebook"];
const OPENING = 1_000_000_000;
const LINES_A_WRITE = 20_000;

/**
 * Fills an empty folder with the storage that `orders` accepted orders of one piece each leave behind.
 *
 * For measuring start-up and memory at a size that takes long to reach otherwise. Permission: write of the folder.
 */
export function makeStorage(folder: string, orders: number): void {
  Deno.mkdirSync(folder, { recursive: true });
  Deno.writeTextFileSync(join(folder, "users.csv"), "user,status\nalice,paid\nbob,unpaid\ncarol,paid\n");
  const edits = ITEMS.map((item, index) => ({ seq: index + 1, item, set: OPENING, was: null, by: "bootstrap" }));
  Deno.writeFileSync(join(folder, "stock_edits.jsonl"), sealLines(edits).bytes);
  const stock = ITEMS.map(() => OPENING);
  const log = Deno.openSync(join(folder, "orders.jsonl"), { write: true, create: true, truncate: true });
  for (let done = 0; done < orders; done += LINES_A_WRITE) {
    const count = Math.min(LINES_A_WRITE, orders - done);
    const lines = Array.from({ length: count }, (_, index) => line(done + index, done, stock));
    writeAll(log, sealLines(lines).bytes);
  }
  log.syncSync();
  log.close();
  const asOf = orders + ITEMS.length;
  const rows = ITEMS.map((item, index) => `${item},${stock[index]},${asOf}\n`);
  Deno.writeTextFileSync(join(folder, "inventory.csv"), "item,quantity,as_of\n" + rows.join(""));
}

function line(order: number, batch: number, stock: number[]): object {
  const item = order % ITEMS.length;
  const [seq, batchSeq] = [order + ITEMS.length + 1, batch + ITEMS.length + 1];
  const order_id = `${String(order).padStart(8, "0")}-6d0c-4f0e-9d0a-0d0f8a6e6d0c`;
  const placed = { topic: "made", partition: 0, offset: order, remaining: --stock[item] };
  const asked = { order_id, user: "alice", item: ITEMS[item], quantity: 1, created_at: 1_795_000_000_000 + order };
  return { ...asked, seq, batch: batchSeq, ...placed };
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
}

if (import.meta.main) makeStorage(Deno.args[0], Number(Deno.args[1]));
