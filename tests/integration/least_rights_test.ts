import assert from "node:assert/strict";
import {
  type AclEntry,
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  type Admin,
  ResourcePatternTypes,
} from "kafkajs";
import { EXIT } from "../../lib/errors.ts";
import { withAdmin } from "../../lib/kafka/client/disconnect.ts";
import { eventually } from "../support/commands.ts";
import { Dashboard } from "../support/dashboard.ts";
import { SecureWorld } from "../support/secure_world.ts";

const USER = "auditor";
const { READ, WRITE, CREATE, DESCRIBE } = AclOperationTypes;
const { TOPIC, GROUP } = AclResourceTypes;

const READS_ORDERS = right(READ, TOPIC, "orders");
const WRITES_ORDERS = right(WRITE, TOPIC, "orders");
const READS_DEAD_LETTERS = right(READ, TOPIC, "orders.dlq");
const WRITES_DEAD_LETTERS = right(WRITE, TOPIC, "orders.dlq");
const SEES_GROUP = right(DESCRIBE, GROUP, "order-processor");
const IS_MEMBER = right(READ, GROUP, "order-processor");

/** A topic that nobody has created beforehand. */
const others = (operation: AclOperationTypes, topic = "others") => right(operation, TOPIC, topic);

/** The table of docs/SECURITY.md, in an order that works. */
const TABLE: [line: string, rights: AclEntry[]][] = [
  ["produce --count 40 --delay 0 --seed rights --mix unpaid=20,poison=20", [WRITES_ORDERS]],
  ["consume --until-end", [READS_ORDERS, WRITES_DEAD_LETTERS, IS_MEMBER]],
  ["offsets show", [READS_ORDERS, IS_MEMBER]],
  ["offsets reset --to -1 --partitions 0 --yes", [READS_ORDERS, IS_MEMBER]],
  ["verify", [READS_ORDERS, READS_DEAD_LETTERS]],
  ["why ORDER_ID", [READS_ORDERS]],
  ["dlq", [READS_DEAD_LETTERS]],
  ["replay --originals", [WRITES_ORDERS]],
  ["replay --rejected --limit 2", [WRITES_ORDERS]],
  ["replay --dlq --limit 2", [WRITES_ORDERS, READS_DEAD_LETTERS]],
  ["replay --rejected --limit 2 --run 3f0a6d0e-8a55-4c55-9b0e-2f4f4a8c1d01", [WRITES_ORDERS, READS_ORDERS]],
  ["replay --dlq --limit 2 --run 3f0a6d0e-8a55-4c55-9b0e-2f4f4a8c1d02", [
    WRITES_ORDERS,
    READS_ORDERS,
    READS_DEAD_LETTERS,
  ]],
  // CREATE is left out first: the next try creates the topic.
  ["produce --topic others --count 1 --delay 0", [others(CREATE), others(WRITE)]],
  [
    "consume --topic others --until-end",
    [others(CREATE, "others.dlq"), others(READ), others(WRITE, "others.dlq"), IS_MEMBER],
  ],
];

Deno.test("each command works with the rights of docs/SECURITY.md, and with none of them left out", (t) =>
  SecureWorld.with((world) =>
    withAdmin(world.kafka, async (admin) => {
      for (const [line, rights] of TABLE) await t.step(line, () => assertLeast(world, admin, { line, rights }));
      await t.step("dashboard", () => assertDashboard(world, admin));
    })
  ));

async function assertLeast(
  world: SecureWorld,
  admin: Admin,
  { line, rights }: { line: string; rights: AclEntry[] },
): Promise<void> {
  const env = world.envOf(USER);
  const words = line.replace("ORDER_ID", () => world.storage.orders()[0].order_id);
  // Brokers hear of a change a moment after it was made.
  const endsWith = (exit: number, says: RegExp, rights: string) =>
    eventually(`${line} ends with ${exit} ${rights}`, async () => {
      const { code, stderr } = await world.run(words, env);
      return code === exit && says.test(stderr);
    });
  for (const left of rights) {
    await giveOnly(admin, rights.filter((right) => right !== left));
    const name = RegExp.escape(left.resourceName);
    await endsWith(
      EXIT.config,
      new RegExp(` (on )?(topic|group) ${name}[;,]`),
      `without ${name}`,
    );
  }
  await giveOnly(admin, rights);
  await endsWith(EXIT.ok, /^/, "with all of them");
}

/** It runs on whatever it may read, and says what it may not. */
async function assertDashboard(world: SecureWorld, admin: Admin): Promise<void> {
  const rights = [READS_ORDERS, READS_DEAD_LETTERS, SEES_GROUP];
  await giveOnly(admin, rights);
  await using dashboard = await Dashboard.start([], world.envOf(USER));
  const isSeen = () => dashboard.see("Kafka is seen", ({ health }) => health.broker.ok);
  await isSeen();
  for (const left of rights) {
    await giveOnly(admin, rights.filter((right) => right !== left));
    const says = new RegExp(` (on )?(topic|group) ${RegExp.escape(left.resourceName)}[;,]`);
    await dashboard.see(
      `${left.resourceName} is named`,
      ({ health: { broker } }) => !broker.ok && says.test(broker.sentence),
    );
    await giveOnly(admin, rights);
    await isSeen();
  }
}

function right(operation: AclOperationTypes, resourceType: AclResourceTypes, resourceName: string): AclEntry {
  const principal = `User:${USER}`;
  const permissionType = AclPermissionTypes.ALLOW;
  const resourcePatternType = ResourcePatternTypes.LITERAL;
  return { principal, host: "*", permissionType, operation, resourceType, resourceName, resourcePatternType };
}

async function giveOnly(admin: Admin, rights: AclEntry[]): Promise<void> {
  const anything = { resourceType: AclResourceTypes.ANY, resourcePatternType: ResourcePatternTypes.ANY };
  const anyhow = { operation: AclOperationTypes.ANY, permissionType: AclPermissionTypes.ANY };
  const { filterResponses } = await admin.deleteAcls({
    filters: [{ ...anything, ...anyhow, principal: `User:${USER}` }],
  });
  assert.ok(filterResponses.every(({ errorCode }) => errorCode === 0));
  if (rights.length > 0) await admin.createAcls({ acl: rights }); // kafkajs takes no empty list
}
