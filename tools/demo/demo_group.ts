import { setTimeout as delay } from "node:timers/promises";
import { print } from "../../lib/cli/print.ts";
import { EXIT, Failure } from "../../lib/errors.ts";
import { DemoConsumer } from "./demo_consumer.ts";

/** How long anything may take before the demo gives up, in milliseconds. */
const PATIENCE_MS = 60_000;

/** What the demo of a group needs besides its consumers. */
export interface GroupSteps {
  /** Flags of every consumer. */
  flags: readonly string[];
  /** Sends so many orders. */
  send(count: number): Promise<void>;
  heading(text: string): void;
}

const FIRST = 20;
const THEN = 10;

/**
 * Shows two consumers that share the work, and how one takes over when the other is killed.
 *
 * Throws a {@linkcode Failure}: 75 where the group has other members, 69 where nothing happens for a minute.
 * Permissions: those of {@linkcode DemoConsumer} and of the steps.
 */
export async function showGroup({ flags, send, heading }: GroupSteps, stop: AbortSignal): Promise<void> {
  heading("3. Two consumers, A and B, in one group: each gets a share of the partitions");
  await using a = new DemoConsumer("A", flags);
  await using b = new DemoConsumer("B", flags);
  await until(() => haveShares(a, b), { what: "a share for each consumer", of: [a, b], stop });

  heading(`4. ${FIRST} orders, and who judges which`);
  await send(FIRST);
  await until(() => a.orders + b.orders >= FIRST, { what: `${FIRST} verdicts`, of: [a, b], stop });

  heading(`5. B is killed, and ${THEN} more orders come`);
  print(`  kill -9 ${b.pid}`);
  b.signal("SIGKILL");
  await b.end();
  const [before, lost] = [a.orders, b.share.partitions];
  await send(THEN);
  print(`  What was B's (${lost}) waits until the group gives B up: 10 s after its last sign of life`);
  await until(() => a.orders - before >= THEN, { what: `the other ${THEN} verdicts`, of: [a], stop });

  heading("6. A stops");
  a.signal("SIGTERM");
  await a.end();
}

function haveShares(...consumers: readonly DemoConsumer[]): boolean {
  const members = consumers.map(({ share }) => share.members);
  if (Math.max(...members) > consumers.length) {
    throw new Failure(EXIT.busy, "The group has other consumers: end them, or name another group (--group)");
  }
  return members.every((count) => count === consumers.length);
}

interface Wait {
  what: string;
  of: readonly DemoConsumer[];
  stop: AbortSignal;
}

/** Resolves when `isDone`, checked whenever a consumer prints something; ends with the first consumer that ends. */
async function until(isDone: () => boolean, { what, of, stop }: Wait): Promise<void> {
  const over = new AbortController();
  const late = delay(PATIENCE_MS, undefined, { signal: AbortSignal.any([over.signal, stop]) }).then(() => {
    throw new Failure(EXIT.unavailable, `Not within ${PATIENCE_MS / 1_000} s: ${what}`);
  });
  const ended = of.map(async (consumer) => {
    await consumer.end();
    throw new Failure(EXIT.failed, `Consumer ${consumer.name} ended before there was ${what}`);
  });
  for (const end of [late, ...ended]) end.catch(() => {}); // matters only while this waits
  try {
    while (!isDone()) await Promise.race([late, ...ended, ...of.map(({ change }) => change)]);
  } catch (error) {
    stop.throwIfAborted();
    throw error;
  } finally {
    over.abort();
  }
}
