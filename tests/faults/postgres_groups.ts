import type { Buffer } from "node:buffer";
import type { Order } from "../../lib/order.ts";
import type { RunningTask } from "../support/commands.ts";
import { withoutPostgres } from "../support/postgres.ts";
import { TcpProxy } from "../support/tcp_proxy.ts";
import type { Fault, FaultContext, FaultOutcome } from "./fault.ts";
import { Traffic } from "./kafka_traffic.ts";
import { brokenOf, endOf, moment } from "./kafka_world.ts";
import { withConnection } from "./postgres_invariant.ts";
import { PostgresWorld } from "./postgres_world.ts";
import { FAKETIME, noFaketime } from "./store_tools.ts";

/** A dead member's partitions go to another after the session timeout (10 s) and a rebalance. */
const TAKEN_OVER_LIMIT_MS = 20_000;

/** How a member ends that is asked to before it has begun to listen, as on a busy machine. */
const UNHEARD = 128 + 15;

/** Row 10: one of two members is frozen until the group has given it up, then goes on with the batch it had in hand. */
const sharedZombie: Fault = {
  row: 10,
  name: "zombie (PostgreSQL)",
  runs: { full: 50, sample: 1 },
  skip: withoutPostgres,
  async run(context: FaultContext): Promise<FaultOutcome> {
    const { random } = context;
    await using world = await PostgresWorld.create(context);
    await world.send(2_000 + Math.floor(random() * 20_000));
    await using first = world.start();
    await using second = world.start();
    await world.members(2);
    await moment(random() * 500);
    first.signal("SIGSTOP");
    const struckAt = performance.now();
    await world.send(100);
    await world.members(1);
    const recoveryMs = await world.recovery(struckAt, world.sent.slice());
    await world.send(1_000);
    await moment(random() * 500);
    first.signal("SIGCONT");
    await world.members(2);
    await world.send(100);
    await world.allJudged();
    return await world.outcome(recoveryMs, [
      ...await endedWell(first, second),
      ...brokenOf({ [`taken over in 20 s, took ${recoveryMs} ms`]: recoveryMs < TAKEN_OVER_LIMIT_MS }),
    ]);
  },
};

/** Row 11: members join and leave every two seconds, one in three killed. */
const rebalanceStorm: Fault = {
  row: 11,
  name: "rebalance storm",
  runs: { full: 10, sample: 1 },
  skip: withoutPostgres,
  async run(context: FaultContext): Promise<FaultOutcome> {
    const { random, isSample = false } = context;
    await using world = await PostgresWorld.create(context);
    await using members = new AsyncDisposableStack();
    const running: RunningTask[] = [];
    const join = () => running.push(members.use(world.start()));
    for (let count = 0; count < 4; count++) join();
    const traffic = new Traffic(world, { random, pauseMs: 20 });
    const broken: string[] = [];
    for (const end = performance.now() + (isSample ? 8_000 : 60_000); performance.now() < end;) {
      await moment(2_000);
      const [leaver] = running.splice(Math.floor(random() * running.length), 1);
      if (random() < 1 / 3) signal(leaver, "SIGKILL");
      else broken.push(...await endedWell(leaver));
      join();
    }
    await traffic.stop();
    const overAt = performance.now();
    await world.recovery(overAt, world.sent.slice());
    const recoveryMs = performance.now() - overAt;
    broken.push(...await endedWell(...running));
    return await world.outcome(recoveryMs, broken);
  },
};

/**
 * Row 28: a member is frozen after it has sent its COMMIT and before the database has received it. Its partitions move;
 * then the COMMIT arrives first, or the member goes on first, or the database has ended its transaction before both.
 */
const frozenBeforeCommit: Fault = {
  row: 28,
  name: "member frozen at COMMIT while its partition moves",
  runs: { full: 50, sample: 1 },
  skip: withoutPostgres,
  async run(context: FaultContext): Promise<FaultOutcome> {
    const { random } = context;
    await using world = await PostgresWorld.create(context);
    const url = new URL(world.url);
    await using link = await TcpProxy.atFreePort({ host: url.hostname, port: Number(url.port) });
    url.port = String(link.port);
    await using first = world.start([], { DATABASE_URL: url.href });
    await using second = world.start();
    await world.members(2);
    const traffic = new Traffic(world, { random, pauseMs: 20 });
    await moment(random() * 1_000);
    const held = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    link.tap = (data) => {
      if (!isCommit(data)) return;
      first.signal("SIGSTOP");
      held.resolve();
      return released.promise;
    };
    await held.promise;
    const struckAt = performance.now();
    const ids = world.sent.slice();
    const order = Math.floor(random() * 3);
    // Before its session ends the COMMIT still counts, and its member never gets the answer.
    if (order === 0) await moment(random() * 8_000).then(() => released.resolve());
    await world.members(1);
    const recoveryMs = await world.recovery(struckAt, ids);
    if (order === 1) released.resolve();
    first.signal("SIGCONT");
    link.tap = () => {};
    await moment(random() * 500);
    released.resolve();
    await world.members(2);
    await traffic.stop();
    await world.allJudged();
    return await world.outcome(recoveryMs, await endedWell(first, second));
  },
};

/** Row 29: each order_id under two items in two partitions, in opposite orders, and two members reading both. */
const oneIdTwice: Fault = {
  row: 29,
  name: "one order_id under two items, two members at once",
  runs: { full: 100, sample: 1 },
  skip: withoutPostgres,
  async run(context: FaultContext): Promise<FaultOutcome> {
    const { random } = context;
    await using world = await PostgresWorld.create(context, { key: "item" });
    await using first = world.start();
    await using second = world.start();
    await world.members(2);
    const items = ["item-5", "item-9"].map((_, index) => `item-${2 + Math.floor(random() * 11) * 2 + index}`);
    const ids = Array.from({ length: 50 + Math.floor(random() * 2_000) }, (_, index) => `twice-${index}`);
    const orders = (item: string): { order: Order }[] =>
      ids.map((order_id) => ({ order: { order_id, user: "alice", item, quantity: 1, created_at: 0 } }));
    const [one, other] = items.map(orders);
    await world.sendOrders([...one, ...other.reverse()]);
    await world.allJudged();
    const verdicts = await withConnection(world.url, async (client) => {
      const { rows: [{ accepted, conflicts }] } = await client.query(
        `SELECT (SELECT count(*) FROM orders) AS accepted,
           (SELECT count(*) FROM rejected WHERE reason = 'order-id-conflict') AS conflicts`,
      );
      return `${accepted} accepted, ${conflicts} conflicts`;
    });
    return await world.outcome(0, [
      ...await endedWell(first, second),
      ...brokenOf({
        [`each once, the other a conflict: ${ids.length} ids, ${verdicts}`]:
          verdicts === `${ids.length} accepted, ${ids.length} conflicts`,
      }),
    ]);
  },
};

/** Row 24: the clocks of two members are two days apart, and neither is right. */
const clocksApart: Fault = {
  row: 24,
  name: "clocks two days apart (PostgreSQL)",
  runs: { full: 5, sample: 1 },
  skip: () => withoutPostgres() ?? noFaketime(),
  async run(context: FaultContext): Promise<FaultOutcome> {
    await using world = await PostgresWorld.create(context);
    const clock = (day: string) => ({ LD_PRELOAD: FAKETIME, FAKETIME: day, FAKETIME_DONT_FAKE_MONOTONIC: "1" });
    await using first = world.start([], clock("-1d"));
    await using second = world.start([], clock("+1d"));
    await world.members(2);
    await world.send(1_000);
    await world.allJudged();
    return await world.outcome(0, await endedWell(first, second));
  },
};

export const POSTGRES_GROUPS: readonly Fault[] = [
  sharedZombie,
  rebalanceStorm,
  clocksApart,
  frozenBeforeCommit,
  oneIdTwice,
];

/** Asks members to stop; returns what is wrong with how they do. */
export async function endedWell(...members: RunningTask[]): Promise<string[]> {
  for (const member of members) signal(member, "SIGTERM");
  const ends = await Promise.all(members.map((member) => endOf(member)));
  return ends.flatMap(({ code, stdout, stderr }) =>
    brokenOf({
      [`a member ends with 0, got ${code}: ${stderr.slice(-500)}`]: code === 0 || (code === UNHEARD && stdout === ""),
      [`it knows its place in the group: ${/joined as (0|NaN).*/.exec(stdout)?.[0]}`]: !/joined as 0/.test(stdout),
    })
  );
}

/** If it has ended by itself, that is checked later. */
function signal(member: RunningTask, name: Deno.Signal): void {
  try {
    member.signal(name);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

/** Whether a chunk sent to the database commits a transaction. */
export function isCommit(data: Buffer): boolean {
  return data.includes("COMMIT");
}
