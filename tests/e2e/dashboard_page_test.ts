import assert from "node:assert/strict";
import type { Health, Snapshot } from "../../tools/dashboard/snapshot.ts";
import { browserTest, reads, withPage } from "../support/browser.ts";
import { eventually } from "../support/commands.ts";
import { hasDrawn, SamplePage } from "../support/sample_page.ts";

const HOSTILE = "<img src=x onerror=alert(1)>\u202e'\"&amp;</script>";
const HOSTILE_SHOWN = HOSTILE.replace("\u202e", "\\u202e");

browserTest("names of others are shown as text, whatever is in them", async () => {
  await using sample = new SamplePage({});
  const { feed } = sample;
  const { members, lanes, orders, stock, users, health, rebalances } = sample.pictures.next();
  const hostile: Partial<Snapshot> = {
    topic: HOSTILE,
    group: HOSTILE,
    place: { store: HOSTILE, kind: "files", brokers: HOSTILE },
    members: members.map((member) => ({ ...member, clientId: HOSTILE, host: HOSTILE })),
    lanes: lanes.map((lane) => ({ ...lane, marks: [...lane.marks, { offset: 10_000, verdict: HOSTILE }] })),
    orders: orders.map((order) => ({ ...order, order_id: HOSTILE + order.offset, user: HOSTILE, item: HOSTILE })),
    stock: { items: [{ ...stock.items[0], item: HOSTILE }], count: 1 },
    users: { users: [{ ...users.users[0], name: HOSTILE, status: HOSTILE }], count: 1 },
    health: { ...health, registry: { ok: false, since: 0, sentence: HOSTILE } },
    rebalances: [...rebalances, { at: sample.pictures.at, ms: 10, cause: "other", sentence: HOSTILE }],
  };
  feed.deadLetters = () =>
    Promise.resolve({
      deadLetters: [{
        offset: 1,
        timestamp: 1,
        reason: HOSTILE,
        key: HOSTILE,
        value: HOSTILE,
        headers: [[HOSTILE, HOSTILE]],
      }],
      count: 1,
    });
  feed.schemas = () =>
    Promise.resolve({
      subject: HOSTILE,
      versions: [{ version: 1, id: 1, schema: HOSTILE, difference: [`+ ${HOSTILE}`] }],
    });
  feed.show({ ...sample.pictures.next(), ...hostile });
  await withPage(sample.address, {}, async ({ page, complaints }) => {
    await hasDrawn(page, sample);
    await reads(page, "#dead-letters", /onerror/);
    await page.locator("details").evaluateAll((all) => all.forEach((one) => one.setAttribute("open", "")));
    feed.show({ ...sample.pictures.next(), ...hostile });
    await hasDrawn(page, sample);
    await page.locator("#orders button").first().click();
    await reads(page, "#why-steps", /Nothing is known/);
    const places = ["#topic", "#store", "#members", "#state-text", "#orders", "#stock", "#users", "#dead-letters"];
    for (const place of [...places, "#schemas", "#rebalances", "#why-id"]) {
      assert.ok((await page.locator(place).innerText()).includes(HOSTILE_SHOWN), place);
    }
    assert.equal(await page.locator("img, script:not([src])").count(), 0);
    assert.doesNotMatch(await page.locator("body").innerText(), /\u202e/);
    assert.deepEqual(complaints, []);
  });
});

browserTest("the story of an order opens in a dialog, closes by Esc, and the focus goes back", async () => {
  await using sample = new SamplePage({});
  const order = sample.feed.snapshot!.orders.find(({ verdict }) => verdict === "accepted")!;
  const { verdict: _, at: __, ...accepted } = order as Extract<typeof order, { verdict: "accepted" }>;
  const record = { partition: order.partition, offset: order.offset, schemaId: 7, key: "pen", timestamp: 1 };
  sample.feed.why = (order_id) =>
    order_id === order.order_id
      ? Promise.resolve({ order_id, known: true, records: [record], accepted, rejections: [], replays: [] })
      : Promise.reject(new Error("The store is away"));
  await withPage(sample.address, {}, async ({ page }) => {
    const button = page.getByRole("button", { name: order.order_id });
    await button.focus();
    await page.keyboard.press("Enter");
    await reads(page, "#why-steps", /Sent.*The key is|Its key is “pen”[^]*Accepted/);
    assert.equal(await page.locator("#why-command").innerText(), `deno task why ${order.order_id}`);
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("#why").isVisible(), false);
    assert.equal(await page.evaluate("document.activeElement.textContent"), order.order_id);
    await page.locator("#orders button").nth(order === sample.feed.snapshot!.orders[0] ? 1 : 0).click();
    await eventually("what went wrong", async () => (await page.locator("#why-steps").innerText()).includes("away"));
    await page.getByRole("button", { name: "Close" }).click();
    assert.equal(await page.locator("#why").isVisible(), false);
  });
});

browserTest("orders are looked for by text and by verdict, and the list stays while someone is in it", async () => {
  await using sample = new SamplePage({});
  sample.feed.orders = (text) => ({
    orders: sample.feed.snapshot!.orders.filter(({ user }) => user === text),
    searched: 5_000,
  });
  await withPage(sample.address, {}, async ({ page }) => {
    sample.next();
    await hasDrawn(page, sample);
    await page.locator("#search").fill("bob");
    await reads(page, "#orders-note", /with “bob” among the last 5,000 orders/);
    assert.deepEqual(new Set(await page.locator("#orders td:nth-child(3)").allInnerTexts()), new Set(["bob"]));
    await page.locator("#search").fill("");
    await page.locator("#only-rejected").check();
    await reads(page, "#orders-note", /^The last/);
    const verdicts = await page.locator("#orders .verdict").allInnerTexts();
    assert.ok(verdicts.length > 0 && !verdicts.includes("accepted"));
    await page.locator("#orders tr").nth(3).hover();
    const before = await page.locator("#orders").innerText();
    for (let second = 0; second < 3; second++) sample.next();
    await hasDrawn(page, sample);
    assert.equal(await page.locator("#orders").innerText(), before);
    await page.locator("h1").hover();
    await eventually("newer orders", async () => await page.locator("#orders").innerText() !== before);
  });
});

browserTest(
  "the page says that no consumer runs, that a service is away, that it counts, and when it has lost the dashboard",
  async () => {
    await using sample = new SamplePage({});
    await withPage(sample.address, {}, async ({ page }) => {
      const { health, totals } = sample.pictures.next();
      const gone: Health = { ok: false, since: Date.now(), sentence: "Cannot reach 127.0.0.1:9092" };
      sample.next({ members: [], groupState: "Empty" });
      await reads(page, "#state", /No consumer is running.*deno task consume/s);
      sample.next({ health: { ...health, broker: gone } });
      await reads(page, "#state-text", /^Kafka has been away since .* \(Cannot reach 127\.0\.0\.1:9092\)/);
      await reads(page, "#health-broker", /away since/);
      sample.next({ health: { ...health, store: gone } });
      await reads(page, "#state-text", /^The store has been away/);
      sample.next({ totals: { ...totals, exact: false } });
      await reads(page, "#figure-accepted", /still counting/);
      sample.next({ rate: { ...sample.feed.snapshot!.rate, at: sample.pictures.at + 1_000, sampled: true } });
      await reads(page, "#figure-now", /from a sample/);
      await sample.stop();
      await reads(page, "#state-text", /^No connection to the dashboard since/);
      assert.equal(await page.locator("#state").getAttribute("class"), "state bad");
      sample.restart();
      await eventually("the connection is back", async () => {
        sample.next();
        return /consumers read/.test(await page.locator("#state-text").innerText());
      });
      await hasDrawn(page, sample);
    });
  },
);

browserTest(
  "a button of --play says what it does, and one that cannot be pressed says why and does nothing",
  async () => {
    await using sample = new SamplePage({ isPlay: true });
    await withPage(sample.address, {}, async ({ page, complaints }) => {
      sample.next();
      const send = page.getByRole("button", { name: "Send 10", exact: true });
      await send.hover();
      await reads(page, "#about-command", /^deno task produce --count 10 /);
      const kill = page.getByRole("button", { name: "Kill one" });
      assert.equal(await kill.getAttribute("aria-disabled"), "true");
      await kill.focus();
      await reads(page, "#about-hint", /started no consumer/);
      await page.keyboard.press("Enter");
      await kill.click({ force: true });
      sample.next();
      await hasDrawn(page, sample);
      assert.equal(await page.locator("#runs li").count(), 0);
      assert.deepEqual(complaints, []);
    });
  },
);
