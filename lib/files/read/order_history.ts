import { setImmediate as turnOfLoop } from "node:timers/promises";
import { safeJson } from "../../safe_json.ts";
import type { OrderHistory, RejectedOrder } from "../../store_admin.ts";
import { AppendFile } from "../disk/append_file.ts";
import { storageLayout } from "../disk/layout.ts";
import { holds, lineChunks, visitLines } from "../log/lines.ts";
import type { LoggedOrder } from "../log/logged_line.ts";
import { unsealLine } from "../log/sealed_line.ts";
import { exists } from "../disk/exists.ts";

/**
 * Looks up an order in the log and among the rejections. Reads without the write lock, and lets other work through
 * meanwhile: ten million orders take some seconds. Permission: read of the folder.
 */
export async function orderHistory(folder: string, orderId: string): Promise<OrderHistory> {
  const layout = storageLayout(folder);
  const logged = await linesWith<LoggedOrder>(layout.orders, orderId);
  return {
    accepted: logged.find((order) => order.order_id === orderId),
    rejections: (await linesWith<RejectedOrder>(layout.rejected, orderId)).filter((order) =>
      order.order_id === orderId
    ),
    replays: logged.filter((order) => order.replay_of === orderId),
  };
}

/** The records of the lines that contain `text` as a JSON string; bytes are searched, only hits are parsed. */
async function linesWith<T>(path: string, text: string): Promise<T[]> {
  if (!exists(path)) return [];
  const needle = safeJson(text);
  const file = AppendFile.openToRead(path);
  const found: T[] = [];
  try {
    for (const { bytes } of lineChunks((...range) => file.read(...range), 0, file.length)) {
      await turnOfLoop();
      if (!holds(bytes, needle)) continue;
      visitLines((from, to) => bytes.subarray(from, to), 0, bytes.length, (line) => {
        if (!holds(line, needle)) return;
        const record = unsealLine(line); // undefined for the torn end of an interrupted batch
        if (record !== undefined) found.push(record as T);
      });
    }
  } finally {
    file.close();
  }
  return found;
}
