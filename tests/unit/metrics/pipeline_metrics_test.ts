import assert from "node:assert/strict";
import { REJECT_REASONS } from "../../../lib/decide_order.ts";
import { ConsumerMetrics } from "../../../lib/metrics/consumer_metrics.ts";
import { type PipelineFigures, PipelineMetrics } from "../../../lib/metrics/pipeline_metrics.ts";
import { parseScrape, sumOf } from "../../support/scrape.ts";

const FIGURES: PipelineFigures = {
  group: 'the "group"\n\\',
  topic: "orders",
  partitions: [{ partition: 0, lag: 5, lagSeconds: 1.5 }, { partition: 1, lag: null, lagSeconds: null }],
  totals: { accepted: 7, rejected: { "unpaid-user": 2 }, deadLettered: 1 },
  rebalances: 3,
};

Deno.test("PipelineMetrics are valid whatever the group is called, and leave out what is not known", async () => {
  const samples = parseScrape(await new PipelineMetrics(() => FIGURES).scrape());
  const lags = samples.filter(({ name }) => name === "kafka_consumergroup_lag");
  const labels = { consumergroup: FIGURES.group, topic: "orders", partition: "0" };
  assert.deepEqual(lags, [{ name: "kafka_consumergroup_lag", labels, value: 5 }]);
  assert.equal(sumOf(samples, "kafka_consumergroup_group_lag_seconds"), 1.5);
  assert.equal(sumOf(samples, "orders_accepted_total"), 7);
  assert.equal(sumOf(samples, "orders_rejected_total", { reason: "unpaid-user" }), 2);
  assert.equal(sumOf(samples, "dead_letters_total"), 1);
  assert.equal(sumOf(samples, "rebalances_total"), 3);
});

Deno.test("PipelineMetrics has each reason from the start, as 0: its first order is an increase", async () => {
  const totals = { accepted: 0, rejected: {}, deadLettered: 0 };
  const samples = parseScrape(await new PipelineMetrics(() => ({ ...FIGURES, totals })).scrape());
  const rejected = samples.filter(({ name }) => name === "orders_rejected_total");
  assert.equal(rejected.length, REJECT_REASONS.length + 2); // duplicate, order-id-conflict
  assert.ok(rejected.every(({ value }) => value === 0));
});

Deno.test("PipelineMetrics follows its figures from scrape to scrape, in several at once too", async () => {
  let figures = FIGURES;
  const metrics = new PipelineMetrics(() => Promise.resolve(figures));
  await metrics.scrape();
  figures = { ...FIGURES, partitions: [{ partition: 4, lag: 0, lagSeconds: 0 }], rebalances: 4 };
  const [one, other] = await Promise.all([metrics.scrape(), metrics.scrape()]);
  assert.equal(one, other);
  const samples = parseScrape(one);
  assert.deepEqual(samples.flatMap(({ labels }) => labels.partition ?? []), ["4", "4"], "moved partitions are gone");
  assert.equal(sumOf(samples, "rebalances_total"), 4);
  assert.equal(sumOf(samples, "orders_accepted_total"), 7);
});

Deno.test("ConsumerMetrics observes each batch once", async () => {
  let isReady = true;
  const metrics = new ConsumerMetrics(() => FIGURES, () => isReady);
  metrics.judged({ records: 5_000, oldest: 1_000, now: 3_000 });
  metrics.judged({ records: 0, oldest: Infinity, now: 3_000 });
  metrics.judged({ records: 1, oldest: 9_000, now: 3_000 }); // the sender's clock is ahead
  metrics.committed("store", 40);
  metrics.committed("kafka", 2);
  const samples = parseScrape(await metrics.scrape());
  assert.equal(sumOf(samples, "orders_batch_size_count"), 3);
  assert.equal(sumOf(samples, "orders_batch_size_sum"), 5_001);
  assert.equal(sumOf(samples, "orders_age_at_verdict_seconds_count"), 2);
  assert.equal(sumOf(samples, "orders_age_at_verdict_seconds_sum"), 2);
  assert.equal(sumOf(samples, "orders_commit_duration_seconds_sum", { to: "store" }), 0.04);
  assert.equal(sumOf(samples, "orders_commit_duration_seconds_count", { to: "kafka" }), 1);
  assert.equal(sumOf(samples, "orders_consumer_ready"), 1);
  isReady = false;
  assert.equal(sumOf(parseScrape(await metrics.scrape()), "orders_consumer_ready"), 0);
});

Deno.test("no metric has a label of a user, an item or an order", async () => {
  const metrics = new ConsumerMetrics(() => FIGURES, () => true);
  metrics.committed("store", 1);
  const labels = new Set(parseScrape(await metrics.scrape()).flatMap(({ labels }) => Object.keys(labels)));
  assert.deepEqual([...labels].sort(), ["consumergroup", "le", "partition", "reason", "to", "topic"]);
});
