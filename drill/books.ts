import { join } from "node:path";
import { exists } from "../lib/files/disk/exists.ts";
import { withClient } from "../tools/stack/postgres/database.ts";
import type { Books } from "./reckoning.ts";

/** What is in a storage folder, whoever has written it. Permission: read. */
export function booksOfFolder(folder: string): Books {
  const log = join(folder, "orders.jsonl");
  const lines = exists(log) ? Deno.readTextFileSync(log).split("\n").filter((line) => line !== "") : [];
  const [, ...rows] = Deno.readTextFileSync(join(folder, "inventory.csv")).trimEnd().split("\n");
  return {
    accepted: lines.map((line) => JSON.parse(line).order_id),
    stock: Object.fromEntries(rows.map((row) => row.split(",")).map(([item, quantity]) => [item, Number(quantity)])),
  };
}

/** What is in a database. Permission: net. */
export async function booksOfDatabase(url: string): Promise<Books> {
  return await withClient(url, async (client) => {
    const orders = await client.query<{ order_id: string }>("SELECT order_id FROM orders");
    const items = await client.query<{ item: string; quantity: string }>("SELECT item, quantity FROM inventory");
    return {
      accepted: orders.rows.map(({ order_id }) => order_id),
      stock: Object.fromEntries(items.rows.map(({ item, quantity }) => [item, Number(quantity)])),
    };
  });
}
