import type { FoundRecord } from "../lib/kafka/inspect/find_record.ts";
import type { Coordinates } from "../lib/order.ts";
import type { OrderHistory } from "../lib/store_admin.ts";

/** Everything known about one order, as the dashboard serves it and `why --json` prints it. */
export interface OrderStory extends OrderHistory {
  order_id: string;
  known: boolean;
  records: FoundRecord[];
}

export function storyOf(order_id: string, history: OrderHistory, records: FoundRecord[]): OrderStory {
  const known = history.accepted !== undefined || history.rejections.length > 0 || records.length > 0;
  return { order_id, known, ...history, records };
}

/** Where the order's records lie, according to the store. */
export function placesOf({ accepted, rejections }: OrderHistory): Coordinates[] {
  return [accepted ?? [], rejections].flat().map(({ topic, partition, offset }) => ({ topic, partition, offset }));
}
