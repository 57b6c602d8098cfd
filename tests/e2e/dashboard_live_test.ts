import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { EXIT } from "../../lib/errors.ts";
import { readState } from "../../tools/stack/state.ts";
import { browserTest, reads, withPage } from "../support/browser.ts";
import { ownWorld, startTask, task } from "../support/commands.ts";
import { Dashboard } from "../support/dashboard.ts";
import { sampleWorld } from "../support/kafka.ts";
import { withStack } from "../support/stack.ts";

/** What `verify --json` says of a partition. */
interface Position {
  partition: number;
  ranges: { from: number; to: number }[];
  accepted: number;
  rejected: number;
  dead_lettered: number;
}

/** What a task says that does what it should. */
async function done(name: string, args: readonly string[], env: Record<string, string>): Promise<string> {
  const { code, stdout, stderr } = await task(name, args, env);
  assert.equal(code, EXIT.ok, stderr);
  return stdout;
}

function figure(page: Page, name: string): Promise<string> {
  return page.locator(`#figure-${name} b`).innerText();
}

browserTest("at rest the figures on the page are those of verify --json", async () => {
  using world = await sampleWorld();
  const orders = "--count 400 --delay 0 --seed page --mix unpaid=10,unknown-user=5,duplicate=5,poison=5";
  await done("produce", orders.split(" "), world.env);
  await done("consume", ["--until-end"], world.env);
  const { items, positions } = JSON.parse(await done("verify", ["--json"], world.env)) as {
    items: { item: string; stock: number }[];
    positions: Position[];
  };
  const total = (name: "accepted" | "rejected" | "dead_lettered") =>
    positions.reduce((sum, position) => sum + position[name], 0).toLocaleString("en");

  await using dashboard = await Dashboard.start([], world.env);
  await withPage(dashboard.address, {}, async ({ page, complaints }) => {
    await reads(page, "#figure-accepted b", new RegExp(`^${total("accepted")}$`));
    await reads(page, "#figure-rejected b", new RegExp(`^${total("rejected")}$`));
    await reads(page, "#figure-dead b", new RegExp(`^${total("dead_lettered")}$`));
    assert.equal(await figure(page, "waiting"), "0");
    assert.doesNotMatch(await page.locator(".figures").innerText(), /counting/);
    await page.getByText("The partitions as a table").click();
    const rows = (await page.locator("#lane-rows").innerText()).split("\n").map((line) => line.split("\t"));
    assert.deepEqual(
      rows.map(([partition, , , committed, end, lag]) => [partition, committed, end, lag]),
      positions.map(({ partition, ranges }) => [`${partition}`, `${ranges.at(-1)!.to}`, `${ranges.at(-1)!.to}`, "0"]),
    );
    const names = await page.locator("#stock th").allInnerTexts();
    const stock = await page.locator("#stock td.number").allInnerTexts();
    assert.deepEqual(
      names.map((item, index) => ({ item, stock: stock[index] })),
      items.map(({ item, stock }) => ({ item, stock: `${stock}` })),
    );
    await reads(page, "#dead-letters-note", new RegExp(`^${total("dead_lettered")} dead letters`));
    await reads(page, "#schemas-note", /value\.$/);
    await reads(page, "#state", /No consumer is running; nothing waits/);
    await page.locator("#orders button").first().click();
    await reads(page, "#why-steps", /Asked for[^]*Sent[^]*(Accepted|Rejected)[^]*Today/);
    assert.deepEqual(complaints, []);
  });
});

browserTest(
  "on the page a consumer is seen to come, to read and to leave, and Kafka to go away and come back",
  () =>
    withStack(async (stack, dataDir) => {
      using world = ownWorld();
      const env = { ...world.env, ...stack };
      await done("bootstrap", [], env);
      await done("produce", ["--count", "60", "--delay", "0"], env);
      await using dashboard = await Dashboard.start([], env);
      await withPage(dashboard.address, {}, async ({ page }) => {
        await reads(page, "#state", /No consumer is running; 60 records wait/);
        const consumer = startTask("consume", [], env);
        await using _ = consumer;
        await reads(page, "#state-text", /^1 consumer reads 3 partitions and has read everything/);
        await reads(page, "#members", /A[^]*reads partitions 0, 1, 2/);
        await reads(page, "#lanes", /read by A/);
        await page.locator("#rebalance-count").click();
        await reads(page, "#rebalances", /joined/);
        consumer.signal("SIGTERM");
        await consumer.end;
        await reads(page, "#state-text", /^No consumer is running/);
        const { kafkaPort, registryPort } = readState(dataDir)!;
        await done("down", ["--data-dir", dataDir], {});
        await reads(page, "#state-text", /^Kafka has been away since/);
        await reads(page, "#health-broker", /away since/);
        const ports = ["--kafka-port", `${kafkaPort}`, "--registry-port", `${registryPort}`];
        await done("up", ["--local", "--data-dir", dataDir, ...ports], {});
        await reads(page, "#state-text", /^No consumer is running; nothing waits/);
        await reads(page, "#health-broker", /ok/);
        await done("produce", ["--count", "5", "--delay", "0"], env);
        await reads(page, "#figure-waiting b", /^5$/);
      });
    }),
);
