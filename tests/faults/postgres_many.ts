import type { RunningTask } from "../support/commands.ts";
import { withoutPostgres } from "../support/postgres.ts";
import type { Fault, FaultContext, FaultOutcome } from "./fault.ts";
import { moment } from "./kafka_world.ts";
import { endedWell } from "./postgres_groups.ts";
import { PostgresWorld } from "./postgres_world.ts";

const ORDERS = 1_000_000;
const SAMPLE_ORDERS = 20_000;
const KILL_EVERY_MS = 4_000;
const FROZEN_MS = 15_000;

/** Row 35: four members read a topic full of orders; every few seconds one is killed and replaced, another frozen. */
export const membersKilled: Fault = {
  row: 35,
  name: "1,000,000 orders, members killed and frozen",
  runs: { full: 1, sample: 1 },
  skip: withoutPostgres,
  async run(context: FaultContext): Promise<FaultOutcome> {
    const { random, isSample = false } = context;
    await using world = await PostgresWorld.create(context);
    await world.send(isSample ? SAMPLE_ORDERS : ORDERS);
    await using members = new AsyncDisposableStack();
    const join = () => members.use(world.start());
    const begin = performance.now();
    const frozen = join();
    const running: RunningTask[] = [join(), join(), join()];
    await world.members(4);
    frozen.signal("SIGSTOP");
    const thaw = setTimeout(() => frozen.signal("SIGCONT"), FROZEN_MS);
    let kills = 0;
    try {
      const total = world.sent.length;
      for (let nextKill = 0; await world.judged() < total; await moment(200)) {
        if (performance.now() < nextKill) continue;
        nextKill = performance.now() + KILL_EVERY_MS;
        const index = Math.floor(random() * running.length);
        running[index].signal("SIGKILL");
        running[index] = join();
        kills++;
        if (performance.now() - begin > 15 * 60_000) throw new Error("Not within 15 minutes: all are judged");
      }
    } finally {
      clearTimeout(thaw);
      frozen.signal("SIGCONT");
    }
    const seconds = (performance.now() - begin) / 1_000;
    if (!isSample) console.log(`${world.sent.length} orders in ${seconds.toFixed(0)} s, ${kills} members killed`);
    return await world.outcome(0, await endedWell(frozen, ...running));
  },
};
