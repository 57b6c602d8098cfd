import assert from "node:assert/strict";
import { ConsumerHealth } from "../../lib/consumer_health.ts";

const none = { permissions: "none" } as const;

Deno.test("ConsumerHealth is ready from the join on, while fetches are answered or verdicts come", none, () => {
  const health = new ConsumerHealth();
  assert.equal(health.complaint(0), "It has not joined its group yet");
  health.alive(0);
  assert.equal(health.complaint(0), "It has not joined its group yet");
  health.joined(3, 1_000);
  assert.equal(health.complaint(16_000), undefined);
  assert.equal(health.complaint(17_000), "Nothing was fetched or judged for 16 s");
  health.alive(17_000);
  assert.equal(health.complaint(17_000), undefined);
});

Deno.test("ConsumerHealth says which outage is going on, and is ready after its end", none, () => {
  const health = new ConsumerHealth();
  health.joined(1, 0);
  health.outage("Kafka is away", 0);
  health.alive(1);
  assert.equal(health.complaint(2), "Kafka is away");
  health.outage(undefined, 60_000);
  assert.equal(health.complaint(60_000), undefined);
});

Deno.test("ConsumerHealth is ready without partitions: it stands by", none, () => {
  const health = new ConsumerHealth();
  health.joined(0, 0);
  assert.equal(health.complaint(3_600_000), undefined);
});

Deno.test("ConsumerHealth is not ready once it stops", none, () => {
  const health = new ConsumerHealth();
  health.joined(1, 0);
  health.stopping();
  assert.equal(health.complaint(0), "It is stopping");
});
