import { replayIds } from "../../lib/replay_ids.ts";
import { REPLAY_OF_HEADER } from "../../lib/topics.ts";
import { eventually } from "../support/commands.ts";
import type { Fault, FaultContext, FaultOutcome } from "./fault.ts";
import { Traffic } from "./kafka_traffic.ts";
import { brokenOf, KafkaWorld, moment } from "./kafka_world.ts";

/**
 * Row 21: a replay, while the consumer appends to the log that it reads and orders keep coming. It sends the orders that
 * were in the log when it began, each once, and ends.
 */
export const replayWhileConsuming: Fault = {
  row: 21,
  name: "replay while consuming",
  runs: { full: 20, sample: 1 },
  async run(context: FaultContext): Promise<FaultOutcome> {
    await using world = await KafkaWorld.create(context);
    await world.send(500 + Math.floor(context.random() * 2_000));
    await using consumer = await world.consumer();
    await eventually("accepted orders", () => acceptedIds(world).length > 0);
    const traffic = new Traffic(world, { random: context.random, pauseMs: 20 });
    await moment(context.random() * 300);
    const atLeast = acceptedIds(world).length;
    await using replay = world.start("replay", ["--json", "--run", RUN]);
    const { code, stdout, stderr } = await replay.end;
    await traffic.stop();
    const sent = code === 0 ? JSON.parse(stdout).sent : NaN;
    const replayed = await replayedIds(world);
    world.sent.push(...replayed.keys());
    await eventually("verdicts on all replayed orders", () => verdictsOn(world, replayed.keys()), 60_000);
    consumer.signal("SIGTERM");
    const stopped = await consumer.end;
    const expected = acceptedIds(world).slice(0, sent).map(newId);
    return await world.outcome(
      0,
      brokenOf({
        [`replay ends with 0, got ${code}: ${stderr.slice(-300)}`]: code === 0,
        [`the consumer ends with 0, got ${stopped.code}: ${stopped.stderr.slice(-300)}`]: stopped.code === 0,
        [`it sends all ${atLeast} that were accepted before it began, sent ${sent}`]: sent >= atLeast,
        [`the first ${sent} orders of the log are in the topic, found ${replayed.size}`]:
          replayed.size === expected.length && expected.every((id) => replayed.get(id) === 1),
      }),
    );
  },
};

const RUN = "11111111-2222-4333-8444-555555555555";
const newId = replayIds(RUN);

/** In the order of the log. */
function acceptedIds(world: KafkaWorld): string[] {
  const lines = world.storage.text("orders.jsonl").split("\n").slice(0, -1); // the last one may be half written
  return lines.map((line) => JSON.parse(line).order_id);
}

function verdictsOn(world: KafkaWorld, ids: Iterable<string>): boolean {
  const text = world.storage.text("orders.jsonl") + world.storage.text("rejected.jsonl");
  const known = new Set([...text.matchAll(/"order_id":"([^"]+)"/g)].map(([, id]) => id));
  return [...ids].every((id) => known.has(id));
}

/** How often each id is in the topic as a replay. */
async function replayedIds(world: KafkaWorld): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const { headers } of await world.records()) {
    const replayOf = headers.find(([name]) => name === REPLAY_OF_HEADER)?.[1];
    if (!replayOf) continue;
    const id = newId(String(replayOf));
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}
