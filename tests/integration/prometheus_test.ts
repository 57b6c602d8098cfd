import assert from "node:assert/strict";
import { join } from "node:path";
import { CHECKOUT } from "../../tools/stack/folders.ts";
import { freePorts } from "../../tools/stack/ports.ts";
import { eventually, startTask } from "../support/commands.ts";
import { sampleWorld } from "../support/kafka.ts";
import { Prometheus, PROMETHEUS_REMEDY, promtool } from "../support/prometheus.ts";
import { ask, scrape } from "../support/scrape.ts";

const FOLDER = join(CHECKOUT, "docs/operating");
const ALERTS = join(FOLDER, "alerts.yml");
const DASHBOARD = join(FOLDER, "grafana_dashboard.json");

/** Names of metrics in an expression: what looks like one of ours. */
const METRIC = /\b(?:kafka_consumergroup|orders|dead_letters|rebalances)_\w+/g;
/** What Grafana puts into an expression; the range is one that a test can wait for. */
const GRAFANA: Record<string, string> = { __rate_interval: "5s", __range: "5s", job: "order-consumer" };

interface Panel {
  title: string;
  targets: { expr: string }[];
}

/** The expressions of the dashboard, with the title of their panel. */
function expressions(): [title: string, expression: string][] {
  const { panels }: { panels: Panel[] } = JSON.parse(Deno.readTextFileSync(DASHBOARD));
  return panels.flatMap(({ title, targets }) => targets.map(({ expr }): [string, string] => [title, expr]));
}

function prometheusTest(name: string, fn: (t: Deno.TestContext) => Promise<void>): void {
  Deno.test({ name: name + PROMETHEUS_REMEDY, ignore: PROMETHEUS_REMEDY !== "", fn });
}

Deno.test("every metric of the alerts, the dashboard and docs/OPERATING.md is in a scrape", async () => {
  using world = await sampleWorld();
  const [port] = freePorts(1);
  await using _consumer = startTask("consume", ["--metrics-port", `${port}`], world.env);
  await eventually("it is ready", async () => (await ask(port, "/health/ready"))?.status === 200);
  const samples = await eventually("the lag", async () => {
    const samples = await scrape(port);
    return samples?.some(({ name }) => name === "kafka_consumergroup_lag") ? samples : undefined;
  });
  const names = new Set(samples.flatMap(({ name }) => [name, name.replace(/_(bucket|sum|count)$/, "")]));
  const guide = Deno.readTextFileSync(join(CHECKOUT, "docs/OPERATING.md"));
  for (const text of [Deno.readTextFileSync(ALERTS), ...expressions().map(([, expression]) => expression), guide]) {
    const used = text.match(METRIC) ?? [];
    assert.ok(used.length > 0, text);
    for (const name of used) assert.ok(names.has(name), `${name} is in no scrape`);
  }
  const shown = expressions().map(([, expression]) => expression).join();
  for (const name of new Set([...names].map((name) => name.replace(/_(bucket|sum|count)$/, "")))) {
    assert.ok(shown.includes(name), `the dashboard does not show ${name}`);
    assert.ok(guide.includes(`\`${name}\``), `docs/OPERATING.md does not explain ${name}`);
  }
});

prometheusTest("promtool finds no fault in a scrape, nor in the alerts, which fire when they have to", async () => {
  using world = await sampleWorld();
  const [port] = freePorts(1);
  await using _consumer = startTask("consume", ["--metrics-port", `${port}`], world.env);
  await eventually("it is ready", async () => (await ask(port, "/health/ready"))?.status === 200);
  assert.equal(await promtool(["check", "metrics"], (await ask(port, "/metrics"))!.text), "");
  await promtool(["check", "config", join(FOLDER, "prometheus.yml")]);
  await promtool(["test", "rules", join(CHECKOUT, "tests/support/alert_cases.yml")]);
});

prometheusTest("a real Prometheus scrapes a consumer, and answers every expression of the dashboard", async (t) => {
  using world = await sampleWorld();
  const { env } = world;
  const [port, own] = freePorts(2);
  await using _consumer = startTask("consume", ["--metrics-port", `${port}`], env);
  await eventually("it is ready", async () => (await ask(port, "/health/ready"))?.status === 200);
  const config = join(world.storage, "prometheus.yml");
  const given = Deno.readTextFileSync(join(FOLDER, "prometheus.yml"));
  Deno.copyFileSync(ALERTS, join(world.storage, "alerts.yml"));
  Deno.writeTextFileSync(config, given.replaceAll("15s", "1s").replace("127.0.0.1:9464", `127.0.0.1:${port}`));
  await using prometheus = new Prometheus(config, own);
  await eventually("it is scraped", async () => (await prometheus.query("orders_consumer_ready"))?.length === 1);
  assert.deepEqual(await prometheus.alertNames(), ["OrdersLate", "OrdersConsumerDown", "DeadLetters"]);
  // Rates need verdicts in the few seconds that they look back.
  await using _orders = startTask("produce", ["--count", "0", "--rate", "20", "--mix", "unpaid=30,poison=20"], env);
  for (const [title, expression] of expressions()) {
    await t.step(title, async () => {
      const values: Record<string, string> = { ...GRAFANA, group: env.CONSUMER_GROUP_ID };
      const given = expression.replace(/\$(\w+)/g, (_, name) => values[name]);
      await eventually(`an answer to ${given}`, async () => {
        const found = await prometheus.query(given);
        return found !== undefined && found.length > 0 && found.every(({ value }) => value[1] !== "NaN");
      });
    });
  }
});

Deno.test("the dashboard's expressions use only what Grafana puts in and the variables that it defines", () => {
  const { templating } = JSON.parse(Deno.readTextFileSync(DASHBOARD));
  const known = new Set([...templating.list.map(({ name }: { name: string }) => name), "__rate_interval", "__range"]);
  for (const [title, expression] of expressions()) {
    for (const [, name] of expression.matchAll(/\$(\w+)/g)) assert.ok(known.has(name), `${title}: $${name}`);
  }
});
