import { encodeOrder } from "../../lib/avro/order_codec.ts";
import { registerOrderSchema } from "../../lib/avro/schema_registry.ts";
import { showBlanks } from "../../lib/blank_edge.ts";
import { createPublisher } from "../../lib/kafka/produce/publisher.ts";
import { ensureTopics } from "../../lib/kafka/client/topics_admin.ts";
import type { Order } from "../../lib/order.ts";
import type { OutgoingOrder } from "../../lib/ports.ts";
import { traced } from "../../lib/telemetry/traced_publisher.ts";
import { valueSubject } from "../../lib/topics.ts";
import type { Sender } from "./send_slice.ts";

/** Sends orders as the producer would: encoded with the order schema, keyed by item. */
export const orderSender: Sender<OutgoingOrder> = {
  async open({ kafka, registry, topic }) {
    const schemaId = await registerOrderSchema(registry, valueSubject(topic));
    await ensureTopics(kafka, topic);
    const plain = await createPublisher<OutgoingOrder>({
      connection: kafka,
      topic,
      key: "item",
      encode: (outgoing) => encodeOrder(schemaId, stamped(outgoing)),
    });
    const publisher = traced(plain, topic);
    return { send: (orders) => publisher.send(orders), close: () => publisher.close(), describe };
  },
  preview(outgoing) {
    const order = stamped(outgoing);
    encodeOrder(0, order); // so that an order the schema cannot hold fails here too
    return { ...order, replay_of: outgoing.replayOf };
  },
  timeOf: ({ order }) => order.created_at,
};

/** A new order is created when it is sent, and not when it is taken from the slice, where it waits until it is due. */
function stamped({ order, isNew }: OutgoingOrder): Order {
  if (isNew) order.created_at = Date.now();
  return order;
}

function describe({ order, replayOf }: OutgoingOrder): string {
  const origin = replayOf === undefined ? "" : `  (replay of ${replayOf})`;
  return `${order.order_id}  ${showBlanks(order.user)} orders ${order.quantity} ${showBlanks(order.item)}${origin}`;
}
