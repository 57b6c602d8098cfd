import { Buffer } from "node:buffer";
import { safeJson } from "../../safe_json.ts";
import type { OrderHistory, RejectedOrder } from "../../store_admin.ts";
import { AppendFile } from "../disk/append_file.ts";
import { storageLayout } from "../disk/layout.ts";
import { visitLines } from "../log/lines.ts";
import type { LoggedOrder } from "../log/order_log.ts";
import { unsealLine } from "../log/sealed_line.ts";
import { exists } from "../disk/exists.ts";

/** Looks up an order in the log and among the rejections. Reads without the write lock. Permission: read of the folder. */
export function orderHistory(folder: string, orderId: string): OrderHistory {
  const layout = storageLayout(folder);
  const logged = linesWith<LoggedOrder>(layout.orders, orderId);
  return {
    accepted: logged.find((order) => order.order_id === orderId),
    rejections: linesWith<RejectedOrder>(layout.rejected, orderId).filter((order) => order.order_id === orderId),
    replays: logged.filter((order) => order.replay_of === orderId),
  };
}

/** The records of the lines that contain `text` as a JSON string; bytes are searched, only hits are parsed. */
function linesWith<T>(path: string, text: string): T[] {
  if (!exists(path)) return [];
  const needle = safeJson(text);
  const file = AppendFile.openToRead(path);
  const found: T[] = [];
  try {
    visitLines((...range) => file.read(...range), 0, file.length, (line) => {
      if (!Buffer.from(line.buffer, line.byteOffset, line.length).includes(needle)) return;
      const record = unsealLine(line); // undefined for the torn end of an interrupted batch
      if (record !== undefined) found.push(record as T);
    });
  } finally {
    file.close();
  }
  return found;
}
