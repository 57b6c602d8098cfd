import { OWN_FIELDS } from "../order.ts";

/** The Avro record that an order is read as. */
export const ORDER_SCHEMA = {
  type: "record" as const,
  name: "Order",
  fields: [
    { name: "order_id", type: "string" },
    { name: "user", type: "string" },
    { name: "item", type: "string" },
    { name: "quantity", type: "int" },
    { name: "created_at", type: { type: "long" as const, logicalType: "timestamp-millis" } },
  ],
};

/**
 * The Avro record every order is sent as: with the fields of one's own. A change must be compatible both ways (FULL), or
 * the registry rejects it.
 */
export const SENT_SCHEMA = {
  ...ORDER_SCHEMA,
  fields: [
    ...ORDER_SCHEMA.fields,
    ...OWN_FIELDS.map(({ name, type, default: value }) => ({ name, type, default: value })),
  ],
};
