import assert from "node:assert/strict";
import { withAdmin } from "../../lib/kafka/client/disconnect.ts";
import { commitForEmptyGroup } from "../../lib/kafka/consume/group_coordinator.ts";
import { groupMembers } from "../../lib/kafka/consume/group_offsets.ts";
import { describeShare } from "../../lib/kafka/consume/group_share.ts";
import { offsetMetadata } from "../../lib/kafka/consume/group_topic.ts";
import { startGroup } from "../../lib/kafka/consume/group_start.ts";
import { eventually } from "../support/commands.ts";
import { ALL, BATCH, isShared, Member, PARTITIONS, World } from "../support/shared_group.ts";

/** Attempts at a batch in an outage come a second apart, and a session lasts 10 s. */
const SESSION_ATTEMPTS = 14;

Deno.test("members of a group share the partitions, and one that leaves hands its own on", async () => {
  const world = await World.create();
  await using first = new Member(world);
  await eventually("the first member has everything", () => isShared(first));
  const second = new Member(world);
  const third = new Member(world);
  await eventually("three share", () => isShared(first, second, third));
  const { kafka, topic } = world;
  const told = await Promise.all(
    [first, second, third].map((member) =>
      describeShare(kafka, { group: topic, topic, memberId: member.id, partitions: member.partitions })
    ),
  );
  assert.deepEqual(
    told.sort().map((sentence) => sentence?.replace(/: .*/, "")),
    ["joined as 1 of 3", "joined as 2 of 3", "joined as 3 of 3"],
  );
  await world.send(10 * BATCH);
  await eventually("everything is taken", () => world.isDone);
  assert.ok([first, second, third].every(({ batches }) => batches > 0), "each has a part in it");
  const kept = first.partitions;
  await second[Symbol.asyncDispose]();
  await third[Symbol.asyncDispose]();
  await eventually("the first member has everything again", () => isShared(first));
  assert.ok(kept.every((partition) => first.partitions.includes(partition)));
  await world.send(10 * BATCH);
  await eventually("the rest is taken", () => world.isDone);
  world.requireOnce();
});

Deno.test("a member that finds its partition further on gives its batch up and reads on from there", async () => {
  const world = await World.create();
  await world.send(10 * BATCH);
  const frozen = Promise.withResolvers<void>();
  await using member = new Member(world);
  member.frozen = frozen.promise;
  await eventually("it has joined", () => isShared(member));
  // Meanwhile somebody else takes the first ones of each partition.
  for (const partition of ALL) {
    world.positions.set(partition, 3);
    for (const offset of [0, 1, 2]) world.taken.push(String(offset * PARTITIONS + partition));
  }
  frozen.resolve();
  await eventually("everything is taken", () => world.isDone);
  assert.ok(member.moved > 0);
  world.requireOnce();
});

Deno.test("a member reads on from the store's position, whatever the group committed", async () => {
  const world = await World.create();
  await world.send(10 * BATCH);
  {
    await using member = new Member(world);
    await eventually("everything is taken", () => world.isDone);
    await eventually("it is idle", () => isShared(member));
  }
  for (const partition of ALL) world.positions.set(partition, 0);
  world.taken.length = 0;
  await using _again = new Member(world);
  await eventually("everything is taken again", () => world.isDone);
  world.requireOnce();
});

Deno.test("a member ends where all of them together have come to the end that was asked for", async () => {
  const world = await World.create();
  await world.send(10 * BATCH);
  const until = new Map(ALL.map((partition) => [partition, Math.ceil((10 * BATCH - partition) / PARTITIONS)]));
  const members = [new Member(world, { until }), new Member(world, { until })];
  await Promise.all(members.map(({ end }) => end));
  world.requireOnce();
});

Deno.test("a member comes to an end of transaction markers even if its store is away just then", async () => {
  const world = await World.create();
  await world.send(10 * BATCH);
  const until = new Map(ALL.map((partition) => [partition, Math.ceil((10 * BATCH - partition) / PARTITIONS)]));
  until.set(0, until.get(0)! + 2);
  await using member = new Member(world, { until });
  await eventually("everything is taken", () => world.isDone);
  world.away.passOver = 3;
  await world.abort(0);
  let hasEnded = false;
  void member.end.then(() => hasEnded = true);
  await eventually("it ends", () => hasEnded);
  assert.equal(world.positions.get(0), until.get(0));
});

Deno.test("a member goes on at its store's position even if the store is away when it joins", async () => {
  const world = await World.create();
  await world.send(10 * BATCH);
  const { kafka, topic, positions } = world;
  // As after a restore of the store: the group is ahead of it, and no record comes that would tell.
  for (const partition of ALL) positions.set(partition, 0);
  const ends = new Map(
    ALL.map((partition) => [partition, { offset: Math.ceil((10 * BATCH - partition) / PARTITIONS), metadata: "" }]),
  );
  await commitForEmptyGroup(kafka, { group: topic, topic }, ends);
  world.away.positionOf = 2 * PARTITIONS;
  await using _member = new Member(world, { starts: new Map(positions) });
  await eventually("everything is taken", () => world.isDone);
  world.requireOnce();
});

Deno.test("a member stays in its group through an outage that outlasts its session", async () => {
  const world = await World.create();
  const { kafka, topic } = world;
  await using member = new Member(world);
  await eventually("it has joined", () => isShared(member));
  const { id } = member;
  member.isAway = true;
  await world.send(1);
  await eventually("its session would be over", () => member.attempts > SESSION_ATTEMPTS);
  const { members } = await withAdmin(kafka, (admin) => groupMembers(admin, topic));
  assert.deepEqual(members.map(({ memberId }) => memberId), [id]);
  member.isAway = false;
  await eventually("the record is taken", () => world.isDone);
  assert.equal(member.id, id, "it has never joined anew");
});

Deno.test("a member without a partition waits, and says so", async () => {
  const world = await World.create();
  const members = Array.from({ length: PARTITIONS + 1 }, () => new Member(world, { lanes: 1 }));
  try {
    await eventually("they share", () => isShared(...members));
    const idle = members.find(({ partitions }) => partitions.length === 0)!;
    const { kafka, topic } = world;
    const share = { group: topic, topic, memberId: idle.id, partitions: [] };
    const said = await describeShare(kafka, share);
    assert.match(said!, /^joined as \d of 7: 7 consumers, 6 partitions: this one waits$/);
    assert.equal(await describeShare(kafka, { ...share, memberId: "gone" }), undefined);
  } finally {
    for (const member of members) await member[Symbol.asyncDispose]();
  }
});

Deno.test("a member begins where the group does, and not at an offset of an earlier topic", async () => {
  const world = await World.create();
  await world.send(10 * BATCH);
  const { kafka, topic, positions } = world;
  const stale = new Map(ALL.map((partition) => [partition, { offset: BATCH, metadata: offsetMetadata("earlier") }]));
  await commitForEmptyGroup(kafka, { group: topic, topic }, stale);
  const store = {
    resumeAt: ({ partition }: { partition: number }) => Promise.resolve(positions.get(partition)),
  };
  const at = { group: topic, topic, topicId: "now", isShared: true };
  const { starts } = await withAdmin(kafka, (admin) => startGroup(kafka, admin, store, at));
  await using _member = new Member(world, { starts });
  await eventually("everything is taken", () => world.isDone);
  world.requireOnce();
});

Deno.test("a member that waits for its store for longer than a session lasts stays in the group", async () => {
  const world = await World.create();
  await world.send(10 * BATCH);
  const frozen = Promise.withResolvers<void>();
  await using member = new Member(world);
  member.frozen = frozen.promise;
  await eventually("it has joined", () => isShared(member));
  const { id } = member;
  const since = performance.now();
  await eventually("a session would be over", () => performance.now() - since > 13_000);
  const { groups: [{ members }] } = await withAdmin(world.kafka, (admin) => admin.describeGroups([world.topic]));
  frozen.resolve();
  assert.deepEqual(members.map(({ memberId }) => memberId), [id]);
  await eventually("everything is taken", () => world.isDone);
  world.requireOnce();
});

Deno.test("a member that waits for its store does not hold up the others when the partitions are shared out anew", async () => {
  const world = await World.create();
  await world.send(10 * BATCH);
  const frozen = Promise.withResolvers<void>();
  await using first = new Member(world);
  using _thaw = { [Symbol.dispose]: () => frozen.resolve() };
  first.frozen = frozen.promise;
  await eventually("it has joined", () => isShared(first));
  await using second = new Member(world);
  await eventually("both share", () => isShared(first, second));
  await using third = new Member(world);
  await eventually("three share", () => isShared(first, second, third));
  frozen.resolve();
  await eventually("everything is taken", () => world.isDone);
  world.requireOnce();
});

Deno.test("a member may start while the others read on: positions beyond the log's ends of a moment ago are fine", async () => {
  const world = await World.create();
  await world.send(PARTITIONS);
  const { kafka, topic } = world;
  let sending: Promise<void> | undefined;
  const store = {
    // Sent and read by another member since this one began to look.
    resumeAt: async () => {
      await (sending ??= world.send(PARTITIONS));
      return 2;
    },
  };
  const at = { group: topic, topic, topicId: undefined, isShared: true };
  const { starts, ends } = await withAdmin(kafka, (admin) => startGroup(kafka, admin, store, at));
  const everywhere = new Map(ALL.map((partition) => [partition, 2]));
  assert.deepEqual([starts, ends], [everywhere, everywhere]);
});
