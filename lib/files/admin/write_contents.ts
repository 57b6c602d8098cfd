import { chunks } from "../../chunks.ts";
import { nameKey } from "../../order.ts";
import type { AcceptedOrder, RejectedOrder, StoreContents } from "../../store_admin.ts";
import { emptyInventory, writeStock } from "../csv/inventory_file.ts";
import { emptyUsers } from "../csv/users_file.ts";
import { replaceFile } from "../disk/atomic_file.ts";
import type { StorageLayout } from "../disk/layout.ts";
import type { EditRecord } from "../log/edit_journal.ts";
import { Journal } from "../log/journal.ts";
import type { Acceptance } from "../log/order_lines.ts";
import { OrderLog } from "../log/order_log.ts";
import { ReadRanges } from "../log/read_ranges.ts";
import { RejectedFile } from "../log/rejected_file.ts";

/** Lines appended in one go. */
const CHUNK = 1_000;

/**
 * Writes the contents of another store into an empty storage folder, durably. Nobody else uses it meanwhile.
 *
 * Numbers are assigned anew: first to the orders, then to one edit per item that stands for all of its edits, as in a
 * compacted journal.
 */
export async function writeContents(layout: StorageLayout, contents: StoreContents): Promise<void> {
  const orders = await writeLog(layout, contents);
  const seq = await writeEdits(layout, contents, orders);
  await writeRejected(layout, contents);
  const positions = new ReadRanges(layout);
  try {
    await positions.fill(contents.partitions, seq);
    const users = emptyUsers();
    for (const { name, status } of contents.users) users.append({ user: name, status });
    replaceFile(layout.users, users.toBytes());
    const inventory = emptyInventory();
    const there = contents.items.filter(({ stock }) => stock !== null);
    writeStock(inventory, new Map(there.map(({ item, stock }) => [nameKey(item), { item, quantity: stock! }])), seq);
    positions.wrote("inventory.csv", inventory.toBytes(), seq);
    replaceFile(layout.inventory, inventory.toBytes());
  } finally {
    positions.close();
  }
}

/** How many orders there are. */
async function writeLog(layout: StorageLayout, contents: StoreContents): Promise<number> {
  const log = new OrderLog(layout);
  let count = 0;
  try {
    for await (const orders of chunks(contents.orders(), CHUNK)) {
      log.copy(orders.map(asAcceptance), count + 1);
      count += orders.length;
    }
    await log.file.sync();
    return count;
  } finally {
    log.close();
  }
}

/** The last number assigned. */
async function writeEdits(layout: StorageLayout, { items }: StoreContents, orders: number): Promise<number> {
  const seq = orders + items.length;
  const journal = new Journal<EditRecord>(layout.edits);
  try {
    const edits = items.map(({ item, opening, edits, stock }, index) => {
      const at = orders + 1 + index;
      return { seq: at, batch: at, item, set: stock, was: stock, by: "tool" as const, opening, edits };
    });
    journal.append([{ seq, orders, last_order: orders }, ...edits]);
    await journal.sync();
    return seq;
  } finally {
    journal.close();
  }
}

async function writeRejected(layout: StorageLayout, contents: StoreContents): Promise<void> {
  const file = new RejectedFile(layout);
  try {
    for await (const orders of chunks<RejectedOrder>(contents.rejected(), CHUNK)) file.copy(orders);
    await file.file.sync();
  } finally {
    file.close();
  }
}

function asAcceptance(accepted: AcceptedOrder): Acceptance {
  const { order_id, user, item, quantity, created_at, topic, partition, offset, remaining, replay_of } = accepted;
  const order = { order_id, user, item, quantity, created_at };
  return { received: { order, at: { topic, partition, offset }, replayOf: replay_of }, remaining };
}
