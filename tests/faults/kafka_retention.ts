import { EXIT } from "../../lib/errors.ts";
import { eventually } from "../support/commands.ts";
import type { Fault, FaultContext, FaultOutcome } from "./fault.ts";
import { brokenOf, endOf, KafkaWorld } from "./kafka_world.ts";

/**
 * Row 20: records that the group has not read yet are deleted, as retention does it. The consumer stops with 65, at its
 * start or while it runs, and goes on only from where it is told to.
 */
export const offsetsOutOfRange: Fault = {
  row: 20,
  name: "offsets out of range",
  runs: { full: 10, sample: 1 },
  async run(context: FaultContext): Promise<FaultOutcome> {
    await using world = await KafkaWorld.create(context);
    await world.send(100);
    await world.task("consume", ["--until-end"]);
    const running = context.random() < 0.5;
    const { code, stderr, readable } = running ? await whileRunning(world) : await whileStopped(world);
    const before = world.verdicts();
    const committed = await world.committed();
    const again = await world.task("consume");
    world.onlyThese(await world.records());
    const chosenAt = performance.now();
    await using chosen = world.start("consume", ["--reset", "--until-end"]);
    const recoveryMs = await world.recovery(chosenAt, before);
    await endOf(chosen);
    const when = running ? "while running" : "at start";
    return await world.outcome(
      recoveryMs,
      brokenOf({
        [`exit 65 ${when}, got ${code}: ${stderr.slice(-300)}`]: code === EXIT.data,
        [`${when} it says which offset and what to do, said: ${stderr.slice(-300)}`]:
          /offset in partition \d of .* is not in the log.*--reset-to/.test(stderr),
        [`no record is skipped ${when}: read to ${readable} at most, committed ${committed}`]: committed.every((
          offset,
          partition,
        ) => offset >= 0 && offset <= readable[partition]),
        [`starting again is refused in the same way, got ${again.code}`]: again.code === EXIT.data,
      }),
    );
  },
};

interface Stopped {
  code: number;
  stderr: string;
  /** Ends of the log before the records came that it must not skip, by partition. */
  readable: number[];
}

async function whileStopped(world: KafkaWorld): Promise<Stopped> {
  const readable = (await world.logs()).map(({ high }) => high);
  await world.send(100);
  await deleteAllButOne(world);
  return { ...await world.task("consume"), readable };
}

/** The consumer stands still while the records come and go; one fetch may have been under way already. */
async function whileRunning(world: KafkaWorld): Promise<Stopped> {
  await using consumer = await world.consumer();
  const before = world.verdicts();
  await world.send(10);
  await eventually("the consumer reads", () => world.verdicts() > before);
  consumer.signal("SIGSTOP");
  await world.send(100);
  const readable = (await world.logs()).map(({ high }) => high);
  await world.send(100);
  await deleteAllButOne(world);
  consumer.signal("SIGCONT");
  return { ...await endOf(consumer), readable };
}

/** Leaves the last record of each partition. */
async function deleteAllButOne(world: KafkaWorld): Promise<void> {
  const { topic } = world;
  await world.admin(async (admin) => {
    const logs = await admin.fetchTopicOffsets(topic);
    const partitions = logs.map(({ partition, high }) => ({ partition, offset: String(Number(high) - 1) }));
    await admin.deleteTopicRecords({ topic, partitions });
  });
}
