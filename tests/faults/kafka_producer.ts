import { eventually } from "../support/commands.ts";
import type { Fault, FaultContext, FaultOutcome } from "./fault.ts";
import { brokenOf, KafkaWorld, moment } from "./kafka_world.ts";

/** Enough for a second at the least: the kill has to come before the end. */
const ORDERS = 200_000;

/** Row 23: the producer dies in a send. Every order that it has printed as sent is in the topic. */
export const producerKilled: Fault = {
  row: 23,
  name: "producer killed in a send",
  runs: { full: 100, sample: 1 },
  async run(context: FaultContext): Promise<FaultOutcome> {
    const { random } = context;
    await using world = await KafkaWorld.create(context);
    const pace = random() < 0.5 ? ["--delay", "0"] : ["--rate", String(50 + Math.floor(random() * 5_000))];
    const mix = ["--seed", String(context.seed), "--mix", "duplicate=5,unpaid=10"];
    await using producer = world.start("produce", ["--count", String(ORDERS), "--verbose", ...pace, ...mix]);
    await eventually("the first order is in the topic", async () => (await world.logs()).some(({ high }) => high > 0));
    await moment(random() * 400);
    producer.signal("SIGKILL");
    const { stdout } = await producer.end;
    const printed = [...stdout.matchAll(/^(\S{36}) {2}\S+ orders \d+ \S+/gm)].map(([, id]) => id);
    const inTopic = new Set((await world.records()).flatMap(({ value }) => UUID.exec(value!.toString("latin1")) ?? []));
    const missing = printed.filter((id) => !inTopic.has(id));
    for (const id of [...inTopic, ...printed]) world.sent.push(id); // too many for one call
    const killedAt = performance.now();
    await using consumer = world.start("consume", ["--until-end"]);
    const recoveryMs = await world.recovery(killedAt, 0);
    await consumer.end;
    return await world.outcome(
      recoveryMs,
      brokenOf({ [`all ${printed.length} printed orders are in the topic, missing ${missing}`]: missing.length === 0 }),
    );
  },
};

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;
