import { OWN_FIELDS } from "../order.ts";

/** The Avro record every order is sent as. A change must be compatible both ways (FULL), or the registry rejects it. */
export const ORDER_SCHEMA = {
  type: "record" as const,
  name: "Order",
  fields: [
    { name: "order_id", type: "string" },
    { name: "user", type: "string" },
    { name: "item", type: "string" },
    { name: "quantity", type: "int" },
    { name: "created_at", type: { type: "long" as const, logicalType: "timestamp-millis" } },
    ...OWN_FIELDS.map(({ name, type, default: value }) => ({ name, type, default: value })),
  ],
};
