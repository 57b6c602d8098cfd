import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { EXIT } from "../../lib/errors.ts";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { withAdmin } from "../../lib/kafka/client/disconnect.ts";
import { topicFacts } from "../../lib/kafka/client/topic_facts.ts";
import { moveGroup } from "../../lib/kafka/consume/group_offsets.ts";
import type { NewChange, OffsetStore } from "../../lib/offset_changes.ts";
import { withStore } from "../../tools/open_store.ts";
import { eventually, ownWorld, startTask, task } from "../support/commands.ts";
import { randomName, testKafka } from "../support/kafka.ts";
import { commitAs, offsetsOf } from "../support/offsets.ts";
import { connectionTo, postgresTest } from "../support/postgres.ts";
import { TestDatabase } from "../support/postgres_database.ts";
import { withConnection } from "../faults/postgres_invariant.ts";

/** A store of either kind with 60 judged orders; bob's wait for his payment. */
class World implements AsyncDisposable {
  readonly env: Record<string, string>;
  readonly group: string;
  readonly topic: string;
  readonly #owned: (Disposable | AsyncDisposable)[];
  readonly database: string | undefined;
  readonly storage: string;

  private constructor(world: ReturnType<typeof ownWorld>, database?: { url: string } & AsyncDisposable) {
    this.database = database?.url;
    this.storage = world.storage;
    this.env = { ...world.env, DATABASE_URL: this.database ?? "" };
    this.topic = this.group = world.env.ORDERS_TOPIC;
    this.#owned = [world, ...database === undefined ? [] : [database]];
  }

  static async create(kind: Kind): Promise<World> {
    const world = new World(ownWorld(), kind === "files" ? undefined : await TestDatabase.empty());
    await world.ok("bootstrap");
    await world.ok("inventory", "update", "--item", "pen", "--quantity", "9000");
    await world.ok("produce", "--count", "60", "--delay", "0", "--seed", "offsets", "--mix", "unpaid=20,poison=5");
    await world.ok("consume", "--until-end");
    return world;
  }

  async ok(name: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await task(name, args, this.env);
    assert.equal(code, EXIT.ok, `deno task ${name} ${args.join(" ")}: ${stderr}`);
    return stdout + stderr;
  }

  committed(): Promise<number[]> {
    return offsetsOf(this.group, this.topic);
  }

  /** Where a consumer goes on, whatever Kafka says; by partition. */
  async readsOnAt(): Promise<(number | null)[]> {
    const shown = JSON.parse(await this.ok("offsets", "show", "--json"));
    return shown.partitions.map(({ committed, store }: Record<string, number | null>) => store ?? committed);
  }

  /** What a tool does with the store's notes. */
  async use<T>(work: (offsets: OffsetStore) => Promise<T>): Promise<T> {
    const database = this.database === undefined ? undefined : connectionTo(this.database);
    return await withStore({ storage: this.storage, database }, (store) => work(store.offsets));
  }

  /** A change that dies after Kafka's part of it: what `kill -9` at that moment leaves. */
  async dieInTheMiddle(change: NewChange): Promise<void> {
    const kafka = createKafka(testKafka());
    const { group, topic, topicId } = change;
    const moved = new Map(
      change.partitions.map(({ partition, after: { committed } }) =>
        [partition, { offset: committed!, metadata: null }] as const
      ),
    );
    const died = this.use((offsets) =>
      offsets.change(change, async () => {
        await withAdmin(kafka, (admin) => moveGroup(kafka, admin, { group, topic, topicId }, moved));
        throw new Error("killed");
      })
    );
    await assert.rejects(died, /killed/);
  }

  async earliest(): Promise<NewChange> {
    const { group, topic } = this;
    const topicId = (await topicFacts(createKafka(testKafka()), [topic]))?.get(topic)?.id;
    const committed = await this.committed();
    const positions = await this.use((offsets) => offsets.positionsOf({ topic, topicId }));
    const partitions = committed.map((committed, partition) => {
      const position = positions.get(partition);
      const before = { committed, ...position === undefined ? {} : { position } };
      return { partition, before, after: { committed: 0, ...position === undefined ? {} : { position: 0 } } };
    });
    return { group, topic, topicId, to: "earliest", withStore: true, partitions };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const owned of this.#owned) {
      if (Symbol.asyncDispose in owned) await owned[Symbol.asyncDispose]();
      else owned[Symbol.dispose]();
    }
  }
}

type Kind = "files" | "PostgreSQL";

function onBothStores(name: string, test: (kind: Kind) => Promise<void>): void {
  Deno.test(`${name} (files)`, () => test("files"));
  postgresTest(`${name} (PostgreSQL)`, () => test("PostgreSQL"));
}

onBothStores("offsets reset moves store and group, and undo puts both back exactly", async (kind) => {
  await using world = await World.create(kind);
  const before = [await world.committed(), await world.readsOnAt()];
  const said = await world.ok("offsets", "reset", "--to", "earliest", "--yes");
  assert.match(said, /60 read again: \d+ already settled, \d+ rejected before, \d+ without an order$/m);
  assert.deepEqual([await world.committed(), await world.readsOnAt()], [[0, 0, 0], [0, 0, 0]]);
  await world.ok("offsets", "undo", "--yes");
  assert.deepEqual([await world.committed(), await world.readsOnAt()], before);
  assert.match(await world.ok("consume", "--until-end"), /^0 orders/m);
  await world.ok("offsets", "undo", "--yes"); // a redo
  const again = await world.ok("consume", "--until-end");
  assert.match(again, /^60 orders: 0 accepted, \d+ rejected .*, \d+ accepted before/m);
  await world.ok("verify");
  assert.match(await world.ok("offsets", "reset", "--to", "0=0", "--dry-run"), / read again: \d+ already settled/);
});

onBothStores("offsets undo leaves a store alone that another group consumes into by now", async (kind) => {
  await using world = await World.create(kind);
  const before = await world.committed();
  await world.ok("offsets", "reset", "--to", "earliest", "--yes");
  await world.ok("consume", "--group", `${world.group}-2`, "--until-end");
  await world.ok("produce", "--count", "30", "--delay", "0", "--key", "none");
  await world.ok("consume", "--group", `${world.group}-2`, "--until-end");
  const positions = () => world.use((offsets) => offsets.positionsOf({ topic: world.topic, topicId: undefined }));
  const ends = await positions();
  assert.match(await world.ok("offsets", "undo", "--yes"), /^Kafka's offsets only: /m);
  assert.deepEqual(await positions(), ends);
  assert.deepEqual(await world.committed(), before);
});

onBothStores("a reset to the end says how many orders nobody has judged", async (kind) => {
  await using world = await World.create(kind);
  await world.ok("produce", "--count", "7", "--delay", "0");
  const said = await world.ok("offsets", "reset", "--to", "latest", "--json", "--yes");
  const { store, change, partitions } = JSON.parse(said.split("\n")[0]);
  assert.ok(store !== null && change === 1);
  const sum = (name: string) => partitions.reduce((sum: number, at: Record<string, number>) => sum + at[name], 0);
  assert.deepEqual([sum("again"), sum("never_judged"), sum("already_settled")], [-7, 7, 0]);
});

onBothStores(
  "a reset that was killed in the middle is undone by the next consumer, and by the next reset",
  async (kind) => {
    await using world = await World.create(kind);
    const before = [await world.committed(), await world.readsOnAt()];
    await world.dieInTheMiddle(await world.earliest());
    assert.deepEqual(await world.committed(), [0, 0, 0], "Kafka was moved");
    assert.match(await world.ok("offsets", "history"), /interrupted/);
    const next = await world.ok("consume", "--until-end");
    assert.match(next, /^warning: The reset of \S+ in \S+ to earliest was interrupted at \S+, and has been undone$/m);
    assert.match(next, /^0 orders/m);
    assert.deepEqual([await world.committed(), await world.readsOnAt()], before);
    await world.dieInTheMiddle(await world.earliest());
    assert.match(await world.ok("offsets", "reset", "--to", "-1", "--yes"), /has been undone/);
    assert.deepEqual(await world.committed(), before[0].map((offset) => offset! - 1));
    await world.ok("offsets", "undo", "--yes");
    assert.deepEqual([await world.committed(), await world.readsOnAt()], before);
  },
);

onBothStores("a reset that gets a SIGKILL is made or not, and if made can be taken back", async (kind) => {
  await using world = await World.create(kind);
  const before = await world.readsOnAt();
  const noted = async () =>
    kind === "files"
      ? existsSync(join(world.storage, "offset_changes.json"))
      : (await withConnection(world.database!, async (client) =>
        (await client.query("SELECT id FROM offset_changes")).rows.length)) > 0;
  for (const wait of [noted, async () => (await world.committed()).every((offset) => offset === 0)]) {
    {
      await using _killed = startTask("offsets", ["reset", "--to", "earliest", "--yes"], world.env);
      await eventually("the reset is under way", wait);
    }
    await world.ok("consume", "--until-end");
    const done = (await world.use((offsets) => offsets.changes())).filter(({ done }) => done);
    assert.ok((await world.use((offsets) => offsets.changes())).every(({ done }) => done), "nothing is left half made");
    if (done.length > 0) await world.ok("offsets", "undo", "--change", String(done[0].id), "--yes");
    assert.deepEqual(await world.readsOnAt(), before);
    await world.ok("verify");
  }
});

onBothStores("a group of another program has no store: only Kafka's offsets move", async (kind) => {
  await using world = await World.create(kind);
  const before = await world.readsOnAt();
  const other = randomName();
  await commitAs(other, world.topic, [1, 1, 1]);
  const said = await world.ok("offsets", "reset", "--group", other, "--to", "latest", "--yes");
  assert.match(said, /^Kafka's offsets only: \S+ does not consume into /m);
  assert.match(said, new RegExp(`deno task offsets undo --group ${other} takes it back`));
  assert.deepEqual(await world.readsOnAt(), before);
  await using _consumer = startTask("consume", [], world.env);
  await eventually("our own group is active", async () => {
    const { code } = await task("offsets", ["reset", "--to", "earliest", "--yes"], world.env);
    return code === EXIT.busy;
  });
  await world.ok("offsets", "undo", "--group", other, "--yes"); // our consumer is not in its way
  assert.deepEqual(await offsetsOf(other, world.topic), [1, 1, 1]);
});
