import assert from "node:assert/strict";
import { checkKafka } from "../../tools/stack/check_services.ts";
import { checkStorage } from "../../tools/stack/check_storage.ts";
import { ownWorld } from "../support/commands.ts";
import { testKafka, testRegistry } from "../support/kafka.ts";

Deno.test("doctor counts one of a kind as one", async () => {
  using own = ownWorld();
  Deno.writeTextFileSync(`${own.storage}/users.csv`, "user,status\nalice,paid\n");
  Deno.writeTextFileSync(`${own.storage}/inventory.csv`, "item,quantity\nbook,10\n");
  const [files] = await checkStorage(own.storage);
  assert.equal(files.found, `1 user and 1 item in ${own.storage}`);
  const kafka = { ...testKafka(), brokers: testKafka().brokers.slice(0, 1) };
  const [broker] = await checkKafka({ kafka, registry: testRegistry(), topic: own.env.ORDERS_TOPIC });
  assert.match(broker.found, /^1 broker at \S+$|^[2-9] brokers at \S+$/);
});
