import { Buffer } from "node:buffer";
import { AppendFile } from "./append_file.ts";
import { storageLayout } from "./layout.ts";
import type { LoggedOrder } from "./order_log.ts";
import type { RejectedOrder } from "./rejected_file.ts";
import { unsealLine } from "./sealed_line.ts";
import { exists } from "./storage_folder.ts";

const CHUNK = 4 << 20;
const LINE_FEED = 0x0a;

/** All that a storage folder knows of one `order_id`. */
export interface OrderHistory {
  accepted: LoggedOrder | undefined;
  /** Refusals, oldest first: of the order itself, and of others that came with its id. */
  rejections: RejectedOrder[];
  /** Accepted orders that are replays of it. */
  replays: LoggedOrder[];
}

/** Looks an order up in the log and in the refusals. Reads without the write lock. Permission: read of the folder. */
export function orderHistory(folder: string, orderId: string): OrderHistory {
  const layout = storageLayout(folder);
  const logged = linesWith<LoggedOrder>(layout.orders, orderId);
  return {
    accepted: logged.find((order) => order.order_id === orderId),
    rejections: linesWith<RejectedOrder>(layout.rejected, orderId).filter((order) => order.order_id === orderId),
    replays: logged.filter((order) => order.replay_of === orderId),
  };
}

/** The records of the lines in which `text` stands as a JSON string; bytes are searched, only hits are parsed. */
function linesWith<T>(path: string, text: string): T[] {
  if (!exists(path)) return [];
  const needle = Buffer.from(JSON.stringify(text));
  const file = AppendFile.openToRead(path);
  const found: T[] = [];
  try {
    for (let at = 0; at < file.length;) {
      const bytes = Buffer.from(file.read(at, Math.min(at + CHUNK, file.length)).buffer);
      const end = bytes.lastIndexOf(LINE_FEED) + 1;
      if (end === 0) break; // the torn end of an interrupted batch
      for (let hit = bytes.indexOf(needle); hit >= 0 && hit < end;) {
        const start = bytes.lastIndexOf(LINE_FEED, hit) + 1;
        const stop = bytes.indexOf(LINE_FEED, hit);
        const record = unsealLine(bytes.subarray(start, stop));
        if (record !== undefined) found.push(record as T);
        hit = bytes.indexOf(needle, stop);
      }
      at += end;
    }
  } finally {
    file.close();
  }
  return found;
}
