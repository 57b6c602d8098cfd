import assert from "node:assert/strict";
import { type AclEntry, AclResourceTypes, type Admin, ResourcePatternTypes } from "kafkajs";
import { EXIT } from "../../lib/errors.ts";
import { withAdmin } from "../../lib/kafka/client/disconnect.ts";
import { aclsOf } from "../../tools/stack/secure/acls.ts";
import { eventually } from "../support/commands.ts";
import { requireBalance } from "../support/storage.ts";
import { SecureWorld } from "../support/secure_world.ts";

const SAID = "consumer.stderr";

interface Verified {
  positions: { ranges: { to: number }[]; records: number; accepted: number; rejected: number; dead_lettered: number }[];
}

Deno.test("a consumer that loses a right waits for it: nothing is missed, doubled or set aside for that", () =>
  SecureWorld.with(async (world) => {
    await using consumer = world.start("consume", world.envOf("consumer"), { stderrTo: SAID });
    const said = () => world.text(SAID);
    await withAdmin(world.kafka, async (admin) => {
      await send(world, 5);
      await eventually("it reads", () => world.storage.orders().length > 0);
      for (const right of rightsOfConsumer()) {
        const before = said().length;
        await deleteAcl(admin, right);
        await send(world, 30);
        await eventually("it says what it lacks", () => said().slice(before).includes(`${nameOf(right)};`));
        const waiting = said().length;
        await admin.createAcls({ acl: [right] });
        await eventually("it goes on", () => said().slice(waiting).includes("Going on"));
      }
      const sent = 5 + 3 * 30;
      const { positions } = await eventually("all has been read", async () => {
        const { stdout } = await world.runWell("verify --json", world.envOf("auditor"));
        const verified: Verified = JSON.parse(stdout);
        return sum(verified, ({ ranges }) => ranges.at(-1)!.to) === sent ? verified : undefined;
      });
      assert.equal(sum({ positions }, (of) => of.accepted + of.rejected + of.dead_lettered), sent);
      // Letters that were sent twice would be no harm; that orders lie among them would be.
      const deadLetters = await world.runWell("dlq --json", world.envOf("auditor"));
      for (const line of deadLetters.stdout.trim().split("\n")) assert.equal(JSON.parse(line).order_now, false, line);
    });
    consumer.signal("SIGTERM");
    assert.equal((await consumer.end).code, EXIT.ok, said());
    requireBalance(world.storage);
  }));

function rightsOfConsumer(): AclEntry[] {
  const rights = aclsOf({ topic: "orders", group: "order-processor" });
  const ofConsumer = rights.filter(({ principal }) => principal === "User:consumer");
  assert.equal(ofConsumer.length, 3);
  return ofConsumer;
}

async function send(world: SecureWorld, count: number): Promise<void> {
  await world.runWell(`produce --count ${count} --delay 0 --mix poison=30`, world.envOf("producer"));
}

function nameOf({ resourceType, resourceName }: AclEntry): string {
  return `on ${resourceType === AclResourceTypes.GROUP ? "group" : "topic"} ${resourceName}`;
}

function sum({ positions }: Verified, count: (of: Verified["positions"][number]) => number): number {
  return positions.reduce((total, position) => total + count(position), 0);
}

async function deleteAcl(admin: Admin, { resourcePatternType = ResourcePatternTypes.LITERAL, ...acl }: AclEntry) {
  const { filterResponses: [{ matchingAcls }] } = await admin.deleteAcls({
    filters: [{ ...acl, resourcePatternType }],
  });
  assert.equal(matchingAcls.length, 1);
}
