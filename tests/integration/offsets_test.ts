import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT } from "../../lib/errors.ts";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { disconnect } from "../../lib/kafka/client/disconnect.ts";
import { eventually, ownWorld, startTask, task } from "../support/commands.ts";
import { randomName, testKafka } from "../support/kafka.ts";
import { kafkaTool } from "../support/kafka_tools.ts";
import { commitAs, offsetsOf, rawOffsets, topicWithTimes } from "../support/offsets.ts";

const GROUPS_TOOL = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand";

/** A topic of another program, and the environment in which our store is an empty folder. */
async function foreignWorld() {
  const world = ownWorld();
  const topic = randomName();
  await topicWithTimes(topic);
  return { ...world, topic, group: randomName() };
}

async function ok(name: string, args: string[], env: Record<string, string>): Promise<string> {
  const { code, stdout, stderr } = await task(name, args, env);
  assert.equal(code, EXIT.ok, `deno task ${name} ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** Each scenario of kafka-consumer-groups: its flags, and ours. The group has no offset in partition 2. */
const SCENARIOS: [tool: string[], ours: string[]][] = [
  [["--to-earliest"], ["--to", "earliest"]],
  [["--to-latest"], ["--to", "latest"]],
  [["--to-current"], ["--to", "current"]],
  [["--to-offset", "3"], ["--to", "3"]],
  [["--to-offset", "99"], ["--to", "99"]],
  [["--by-duration", "PT4M30S"], ["--to", "PT4M30S"]],
  [["--by-duration", "PT0S"], ["--to", "0s"]],
];
/** Those that take partitions which have an offset. */
const SHIFTS: [tool: string[], ours: string[]][] = [
  [["--shift-by", "-2"], ["--to", "-2"]],
  [["--shift-by", "1"], ["--to", "+1"]],
  [["--shift-by", "-99"], ["--to", "-99"]],
  [["--shift-by", "99"], ["--to", "+99"]],
];

Deno.test("offsets reset leads where kafka-consumer-groups does, scenario by scenario", async (t) => {
  using world = await foreignWorld();
  const { topic, env, storage } = world;
  const time = new Date(Date.now() - 150_000).toISOString();
  const file = join(storage, "offsets.csv");
  Deno.writeTextFileSync(file, `${topic},0,7\n"${topic}",1,99\n`);
  const dated: typeof SCENARIOS = [
    [["--to-datetime", time.replace("Z", "")], ["--to", time]], // the tool takes it for UTC
    [["--from-file", file], ["--from-file", file]],
  ];
  for (const [tool, ours] of [...SCENARIOS, ...dated, ...SHIFTS]) {
    await t.step(tool.join(" ").replace(file, "FILE"), async () => {
      const [group, copy] = [randomName(), randomName()];
      for (const name of [group, copy]) await commitAs(name, topic, [4, 2, -1]);
      const isShift = tool[0] === "--shift-by";
      const where = tool[0] === "--from-file" ? [] : ["--topic", isShift ? `${topic}:0,1` : topic];
      await Promise.all([
        kafkaTool(GROUPS_TOOL, ["--group", copy, "--reset-offsets", ...where, ...tool, "--execute"]),
        ok("offsets", [
          "reset",
          ...["--group", group, "--topic", topic],
          ...ours,
          ...isShift ? ["--partitions", "0,1"] : [],
          "--yes",
        ], env),
      ]);
      assert.deepEqual(await offsetsOf(group, topic), await offsetsOf(copy, topic));
    });
  }
});

Deno.test("offsets show --csv is what kafka-consumer-groups takes, and its export is what offsets reset takes", async () => {
  using world = await foreignWorld();
  const { topic, group, env, storage } = world;
  await commitAs(group, topic, [4, 2, -1]);
  const about = ["--group", group, "--topic", topic];
  const file = join(storage, "offsets.csv");
  Deno.writeTextFileSync(file, await ok("offsets", ["show", ...about, "--csv"], env));
  const copy = randomName();
  await kafkaTool(GROUPS_TOOL, ["--group", copy, "--reset-offsets", "--from-file", file, "--execute"]);
  assert.deepEqual(await offsetsOf(copy, topic), [4, 2, -1]);
  const exported = await kafkaTool(GROUPS_TOOL, [
    ...["--group", group, "--reset-offsets", "--topic", topic],
    ...["--to-earliest", "--export", "--dry-run"],
  ]);
  Deno.writeTextFileSync(file, exported.split("\n").filter((line) => /^[^ ]+,\d+,\d+$/.test(line)).join("\n"));
  await ok("offsets", ["reset", ...about, "--from-file", file, "--yes"], env);
  assert.deepEqual(await offsetsOf(group, topic), [0, 0, 0]);
  Deno.writeTextFileSync(file, await ok("offsets", ["show", "--group", copy, "--topic", topic, "--json"], env));
  await ok("offsets", ["reset", ...about, "--from-file", file, "--yes"], env);
  assert.deepEqual(await offsetsOf(group, topic), [4, 2, 0], "a partition without an offset is left alone");
});

Deno.test("offsets undo restores exactly, and undone again it is a redo", async () => {
  using world = await foreignWorld();
  const { topic, group, env } = world;
  const about = ["--group", group, "--topic", topic];
  await commitAs(group, topic, [4, 2, -1], "of another program");
  const before = await rawOffsets(group, topic);
  await ok("offsets", ["reset", ...about, "--to", "latest", "--yes"], env);
  const after = await rawOffsets(group, topic);
  assert.deepEqual(after.map(({ offset }) => offset), ["10", "5", "0"]);
  for (const expected of [before, after, before]) {
    await ok("offsets", ["undo", ...about, "--yes"], env);
    assert.deepEqual(await rawOffsets(group, topic), expected);
  }
  const again = await kafkaTool(GROUPS_TOOL, [
    ...["--group", group, "--reset-offsets", "--topic", topic],
    ...["--to-current", "--dry-run"],
  ]);
  assert.match(again, new RegExp(`${topic} +2 +0`), "Kafka's tool finds none in partition 2, either");
  await ok("offsets", ["undo", ...about, "--change", "1", "--yes"], env);
  assert.deepEqual(await rawOffsets(group, topic), before);
  const changes = await ok("offsets", ["history", "--json"], env);
  assert.deepEqual(
    changes.trimEnd().split("\n").map((line) => JSON.parse(line)).map(({ change, to }) => [change, to]),
    [[1, "latest"], [2, "undo of 1"], [3, "undo of 2"], [4, "undo of 3"]],
    "what changes nothing is not noted",
  );
});

Deno.test("offsets reset says what it refuses, and changes nothing", async (t) => {
  using world = await foreignWorld();
  const { topic, group, env } = world;
  await commitAs(group, topic, [4, 2, -1]);
  const refused: [args: string[], exit: number, says: RegExp][] = [
    [["reset", "--to", "earliest"], EXIT.usage, /needs a yes.*--yes/],
    [["reset", "--to", "earliest", "--json"], EXIT.usage, /With --json nobody is asked/],
    [["reset", "--to", "99", "--yes", "--strict"], EXIT.usage, /Offset 99 is outside of partition 0 .* 0 to 10/],
    [["reset", "--to", "-3", "--yes"], EXIT.usage, /no offset in partition 2 .* to count from/],
    [["reset", "--to", "0=5,7=9", "--yes"], EXIT.usage, /has no partition 7, it has 0-2/],
    [["reset", "--to", "0=5", "--partitions", "0", "--yes"], EXIT.usage, /says it twice/],
    [["reset", "--to", "yesterday", "--yes"], EXIT.usage, /--to must be earliest, latest, current/],
    [["reset", "--yes"], EXIT.usage, /either --to or --from-file/],
    [["reset", "--to", "1764000000000", "--yes"], EXIT.usage, /looks like a time: use 2025-11-24T16:00:00Z/],
    [["reset", "--from-file", "/etc/hostname", "--yes"], EXIT.config, /may not read .*--from-file - </],
    [["undo", "--yes"], EXIT.usage, /no change of the group .* to undo/],
    [["reset", "--to", "0", "--topic", "no-such-topic", "--yes"], EXIT.config, /no topic no-such-topic/],
  ];
  for (const [args, exit, says] of refused) {
    await t.step(args.join(" "), async () => {
      const about = args.includes("--topic") ? [] : ["--topic", topic];
      const { code, stderr } = await task("offsets", [...args, "--group", group, ...about], env);
      assert.equal(code, exit, stderr);
      assert.match(stderr, says);
    });
  }
  const dry = await ok("offsets", ["reset", "--to", "0=5,1=1", "--dry-run", "--group", group, "--topic", topic], env);
  assert.match(dry, /^ +0 +4 +5 .*1 skipped$/m);
  assert.match(dry, /^ +1 +2 +1 .*1 read again$/m);
  assert.match(dry, /Nothing was changed/);
  assert.deepEqual(await offsetsOf(group, topic), [4, 2, -1]);
});

Deno.test("offsets reset names the members and hosts of an active group, and --wait waits for them", async () => {
  using world = await foreignWorld();
  const { topic, group, env } = world;
  const kafka = createKafka(testKafka(), { clientId: "other-program" });
  const consumer = kafka.consumer({ groupId: group });
  const joined = Promise.withResolvers<void>();
  consumer.on(consumer.events.GROUP_JOIN, () => joined.resolve());
  const args = ["--group", group, "--topic", topic];
  try {
    await consumer.connect();
    await consumer.subscribe({ topic });
    await consumer.run({ eachMessage: () => Promise.resolve() });
    await joined.promise;
    const refused = await task("offsets", ["reset", ...args, "--to", "earliest", "--yes"], env);
    assert.equal(refused.code, EXIT.busy);
    assert.match(refused.stderr, /is active: other-program at 127\.0\.0\.1\. Stop it first/);
    const shown = await ok("offsets", ["show", ...args], env);
    assert.match(shown, /^ +0 .* other-program at 127\.0\.0\.1$/m);
    await using waiting = startTask("offsets", ["reset", ...args, "--to", "latest", "--yes", "--wait"], env);
    await eventually("it waits", async () => {
      const { code } = await task("offsets", ["reset", ...args, "--to", "latest", "--dry-run"], env);
      return code === EXIT.ok; // a dry run needs no idle group
    });
    await disconnect(consumer);
    const { code, stderr } = await waiting.end;
    assert.equal(code, EXIT.ok, stderr);
    assert.match(stderr, /^Waiting for \S+ to stop, \d+ s at most: other-program at 127\.0\.0\.1$/m);
  } finally {
    await disconnect(consumer);
  }
  assert.deepEqual(await offsetsOf(group, topic), [10, 5, 0]);
});
