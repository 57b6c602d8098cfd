import { eventually } from "../support/commands.ts";
import { compactTopic, emptyBatches, leaveEmptyBatches } from "../support/compaction.ts";
import type { Fault, FaultContext, FaultOutcome } from "./fault.ts";
import { brokenOf, endOf, KafkaWorld, orderIds } from "./kafka_world.ts";

const PARTITIONS = 3;

/**
 * Row 31: compaction leaves batches without a record, of data and of markers, while the consumer runs or is stopped.
 * Every reader reads past them: the consumer, from where it was and from the beginning, `verify`, `why`, `dlq` and
 * `replay --dlq`.
 */
export const compactionEmptied: Fault = {
  row: 31,
  name: "batches that compaction emptied",
  runs: { full: 10, sample: 1 },
  async run(context: FaultContext): Promise<FaultOutcome> {
    const { random } = context;
    await using world = await KafkaWorld.create(context);
    const { topic, kafka } = world;
    await compactTopic(kafka, topic);
    await world.send(50);
    await world.task("consume", ["--until-end"]);
    const at = { topic, partition: Math.floor(random() * PARTITIONS) };
    await using running = random() < 0.5 ? await world.consumer() : undefined;
    const { marker, data } = await leaveEmptyBatches(kafka, at, "no order");
    const before = world.verdicts();
    const emptiedAt = performance.now();
    await world.send(50);
    world.onlyThese(await world.records());
    const args = random() < 0.5 ? [] : ["--reset"];
    await using started = running === undefined ? world.start("consume", args) : undefined;
    const consumer = (running ?? started)!;
    const recoveryMs = await world.recovery(emptiedAt, before);
    await eventually("every order that is left is judged", () => world.unjudged().length === 0);
    consumer.signal("SIGTERM");
    const ended = await endOf(consumer);
    const id = orderIds(await world.records()).values().next().value ?? "none";
    const why = await world.task("why", [id]);
    const nowhere = await world.task("why", ["nowhere"]);
    const dlq = await world.task("dlq");
    const replay = await world.task("replay", ["--dlq"]);
    const left = (await emptyBatches(kafka, at)).map(({ offset }) => offset);
    return await world.outcome(
      recoveryMs,
      brokenOf({
        [`both batches stay as they are: ${marker} and ${data} of ${left}`]: left.includes(marker) &&
          left.includes(data),
        [`the consumer ends with 0, got ${ended.code}: ${ended.stderr.slice(-300)}`]: ended.code === 0,
        [`why finds an order, got ${why.code}: ${why.stderr}`]: why.code === 0,
        [`why searches the whole topic, got ${nowhere.code}: ${nowhere.stderr}`]: nowhere.code === 1 &&
          nowhere.stderr === "",
        [`dlq ends with 0, got ${dlq.code}: ${dlq.stderr}`]: dlq.code === 0,
        [`replay --dlq ends with 0, got ${replay.code}: ${replay.stderr}`]: replay.code === 0,
      }),
    );
  },
};
