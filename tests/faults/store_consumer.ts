import { CHECKOUT } from "../../tools/stack/folders.ts";
import { eventually, RunningTask } from "../support/commands.ts";
import type { FaultContext, FaultOutcome } from "./fault.ts";
import { KafkaWorld, moment } from "./kafka_world.ts";
import { endTraced } from "./store_world.ts";

const ORDERS = 400;

/**
 * The real consumer, killed one to three times while the real broker redelivers: at any moment, or as it gives the write
 * lock free, when a batch is durable and its offset is not yet committed.
 */
export async function killConsumer(context: FaultContext, where: "anywhere" | "before commit"): Promise<FaultOutcome> {
  const { random } = context;
  await using world = await KafkaWorld.create(context);
  await world.send(ORDERS);
  let recoveryMs = 0;
  for (let kills = 1 + Math.floor(random() * 3); kills > 0 && world.verdicts() < ORDERS; kills--) {
    const before = world.verdicts();
    const start = performance.now();
    if (where === "before commit") await killAtUnlock(world, 2 + Math.floor(random() * 6));
    else await killAnyTime(world, random() * 100);
    if (before > 0 && world.verdicts() > before) recoveryMs = Math.max(recoveryMs, performance.now() - start);
  }
  const before = world.verdicts();
  const start = performance.now();
  await world.send(1);
  await using consumer = world.start("consume");
  await eventually("a verdict after the kills", () => world.verdicts() > before, 60_000);
  recoveryMs = Math.max(recoveryMs, performance.now() - start);
  consumer.signal("SIGTERM");
  const { code } = await consumer.end;
  return await world.outcome(recoveryMs, code === 0 ? [] : [`the consumer ended with ${code} on SIGTERM`]);
}

async function killAnyTime(world: KafkaWorld, afterMs: number): Promise<void> {
  await using consumer = await world.consumer();
  await moment(afterMs);
  consumer.signal("SIGKILL");
  await consumer.end;
}

/** Every second flock of the write lock gives it free; the first ones are those of the start. */
async function killAtUnlock(world: KafkaWorld, turn: number): Promise<void> {
  const paths = ["-P", `${world.storage.layout.writeLock}`];
  const kill = ["-e", "trace=flock", "-e", `inject=flock:signal=SIGKILL:when=${turn * 4}+`, "-o", "/dev/null"];
  const deno = [Deno.execPath(), "run", "-A", "--no-check", "--quiet", "consumer.ts", "--until-end"];
  const child = new Deno.Command("strace", {
    args: ["-f", ...paths, ...kill, ...deno],
    cwd: CHECKOUT,
    env: world.env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const deadline = setTimeout(() => endTraced(child), 60_000);
  await new RunningTask(child).end;
  clearTimeout(deadline);
}
