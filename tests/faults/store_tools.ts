import { eventually } from "../support/commands.ts";
import { type Fault, type FaultContext, type FaultOutcome } from "./fault.ts";
import { brokenOf, KafkaWorld } from "./kafka_world.ts";

/** Loaded into a process, it moves its clock. */
export const FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
const ADDS = 10;
const LOAD = 3_000;
/** A second consumer has to say no within this time, in milliseconds. */
const REFUSED_MS = 2_000;

/** Adds by several tools at a time while a consumer is at work: what reported success is there in the end. */
async function toolsDuringLoad(context: FaultContext): Promise<FaultOutcome> {
  const { random } = context;
  await using world = await KafkaWorld.create(context);
  await world.send(LOAD);
  await using consumer = await world.consumer();
  let slowest = 0;
  const adds = await Promise.all(Array.from({ length: ADDS }, async (_, index) => {
    const name = `added-${index >> 1}`; // every name twice: the second one is refused
    const isUser = random() < 0.3;
    const quantity = Math.floor(random() * 100);
    const start = performance.now();
    const flags = isUser ? ["--user", name, "--status", "paid"] : ["--item", name, "--quantity", `${quantity}`];
    const { code, stderr } = await world.task(isUser ? "user" : "inventory", ["add", ...flags]);
    slowest = Math.max(slowest, performance.now() - start);
    return { name, isUser, quantity, code, stderr };
  }));
  consumer.signal("SIGTERM");
  await consumer.end;
  const outcome = await world.outcome(slowest);
  const users = world.storage.text("users.csv").split("\n");
  const stock = world.storage.stock();
  const broken = adds.flatMap(({ name, isUser, quantity, code, stderr }) => {
    const succeeded = adds.filter((add) => add.name === name && add.isUser === isUser && add.code === 0);
    if (succeeded.length !== 1) return [`${succeeded.length} adds of ${name} succeeded`];
    if (code !== 0) return /exists|already/.test(stderr) ? [] : [`an add of ${name} ended with ${code}: ${stderr}`];
    const isThere = isUser ? users.includes(`${name},paid`) : stock[name] === quantity;
    return isThere ? [] : [`the ${isUser ? "user" : quantity} of ${name} was reported as added and is not there`];
  });
  return { ...outcome, broken: [...outcome.broken, ...broken] };
}

/** Three resets to earliest, with a user paying in between: nothing is accepted a second time. */
async function threeResets(context: FaultContext): Promise<FaultOutcome> {
  await using world = await KafkaWorld.create(context);
  await world.send(50 + Math.floor(context.random() * 200));
  await world.task("consume", ["--until-end"]);
  const paysAt = Math.floor(context.random() * 4);
  const broken: string[] = [];
  for (let reset = 0; reset < 3; reset++) {
    if (reset === paysAt) await world.storage.setUser("bob", "paid");
    const before = world.storage.orders();
    const { code, stderr } = await world.task("consume", ["--reset", "--reset-to", "earliest", "--until-end"]);
    const added = world.storage.orders().slice(before.length);
    const ids = new Set(before.map(({ order_id }) => order_id));
    broken.push(...brokenOf({
      [`the reset ends with 0: ${code} ${stderr}`]: code === 0,
      "an accepted order gets no new line": added.every(({ order_id }) => !ids.has(order_id)),
      "only who has paid since is accepted": added.every(({ user }) => reset === paysAt && user === "bob"),
    }));
  }
  return await world.outcome(0, broken);
}

/** A second consumer of the folder, before, while and after the first one works. */
async function twoConsumers(context: FaultContext): Promise<FaultOutcome> {
  await using world = await KafkaWorld.create(context);
  await world.send(100);
  await using first = await world.consumer();
  const start = performance.now();
  const { code, stderr } = await world.task("consume", context.random() < 0.5 ? [] : ["--group", `${world.group}-2`]);
  const refusedMs = performance.now() - start;
  await eventually("a verdict on every order", () => world.verdicts() >= 90);
  first.signal("SIGTERM");
  const { code: firstCode } = await first.end;
  return await world.outcome(
    0,
    brokenOf({
      [`the second one ends with 75, not ${code}: ${stderr}`]: code === 75,
      [`it ends within ${REFUSED_MS} ms, not after ${refusedMs.toFixed()}`]: refusedMs < REFUSED_MS,
      [`the first one goes on and stops with 0, not ${firstCode}`]: firstCode === 0,
    }),
  );
}

/** Consumers and tools whose clocks are a day ahead or behind, in turn. */
async function clockOff(context: FaultContext): Promise<FaultOutcome> {
  const { random } = context;
  await using world = await KafkaWorld.create(context);
  const broken: string[] = [];
  let recoveryMs = 0;
  for (const day of random() < 0.5 ? ["-1d", "+1d", "+0d"] : ["+1d", "-1d", "+0d"]) {
    await world.send(50 + Math.floor(random() * 50));
    Object.assign(world.env, { LD_PRELOAD: FAKETIME, FAKETIME: day, FAKETIME_DONT_FAKE_MONOTONIC: "1" });
    const start = performance.now();
    const { code, stderr } = await world.task("consume", ["--until-end"]);
    recoveryMs = Math.max(recoveryMs, performance.now() - start);
    const update = await world.task("inventory", ["update", "--item", "pen", "--quantity", `${1_000 + day.length}`]);
    broken.push(...brokenOf({
      [`consume ends with 0 at ${day}, not ${code}: ${stderr}`]: code === 0,
      [`inventory ends with 0 at ${day}, not ${update.code}: ${update.stderr}`]: update.code === 0,
    }));
  }
  return await world.outcome(recoveryMs, broken);
}

export function noFaketime(): string | undefined {
  const env = { LD_PRELOAD: FAKETIME, FAKETIME: "+1d", FAKETIME_DONT_FAKE_MONOTONIC: "1" };
  const { stdout } = new Deno.Command(Deno.execPath(), { args: ["eval", "console.log(Date.now())"], env }).outputSync();
  const ahead = Number(new TextDecoder().decode(stdout)) - Date.now();
  return ahead > 3_600_000 ? undefined : "faketime is missing or does not reach the runtime: apt install faketime";
}

export const TOOL_FAULTS: readonly Fault[] = [
  { row: 8, name: "reset to earliest three times", runs: { full: 20, sample: 1 }, run: threeResets },
  { row: 9, name: "two consumers, one folder", runs: { full: 50, sample: 1 }, run: twoConsumers },
  // A run makes ten adds: a hundred runs are a thousand.
  { row: 12, name: "tools during load", runs: { full: 100, sample: 2 }, run: toolsDuringLoad },
  { row: 24, name: "clock one day off", runs: { full: 5, sample: 1 }, skip: noFaketime, run: clockOff },
];
