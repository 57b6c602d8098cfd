import { join } from "node:path";
import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import { Kafka, logLevel } from "kafkajs";

// The consumer that a first tutorial ends with, for `deno task drill --naive`. Each line marked "careless" is the one
// that the drills named after it break. Nothing imports this, and nothing should be copied from it.

const setting = (name: string) => Deno.env.get(name)!;
const folder = setting("STORAGE_DIR");
const inventory = join(folder, "inventory.csv");
const registry = new SchemaRegistry({ host: setting("SCHEMA_REGISTRY_URL") });
const kafka = new Kafka({ brokers: setting("KAFKA_BOOTSTRAP_SERVERS").split(","), logLevel: logLevel.NOTHING });
const consumer = kafka.consumer({ groupId: setting("CONSUMER_GROUP_ID"), maxWaitTimeInMs: 200 });
const users = Deno.readTextFileSync(join(folder, "users.csv"));

Deno.addSignalListener("SIGTERM", () => void consumer.disconnect().then(() => Deno.exit()));
await consumer.connect();
await consumer.subscribe({ topic: setting("ORDERS_TOPIC"), fromBeginning: true });
await consumer.run({
  autoCommit: true, // careless: kill -- the offset is stored apart from the stock, and later
  eachMessage: async ({ message }) => {
    console.log(`reading offset ${message.offset}`);
    const order = await registry.decode(message.value!); // careless: poison -- what throws is tried for ever
    if (!users.includes(`${order.user},paid`)) return console.log(`rejected  ${order.order_id}  unpaid`);

    const rows = Deno.readTextFileSync(inventory).split("\n"); // careless: stale -- takes the file for the stock
    const index = rows.findIndex((row) => row.startsWith(`${order.item},`));
    const row = rows[index].split(",");
    const left = Number(row[1]) - order.quantity; // careless: twice, reset -- never looks up its order_id
    if (left < 0) return console.log(`rejected  ${order.order_id}  insufficient-stock`);

    rows[index] = [row[0], left, ...row.slice(2)].join(",");
    Deno.writeTextFileSync(inventory, rows.join("\n"));
    Deno.writeTextFileSync(join(folder, "orders.jsonl"), JSON.stringify(order) + "\n", { append: true });
    console.log(`accepted  ${order.order_id}  ${order.quantity} ${order.item}  stock ${row[1]} -> ${left}`);
  },
});
