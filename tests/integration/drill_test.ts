import assert from "node:assert/strict";
import { join } from "node:path";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { withAdmin } from "../../lib/kafka/client/disconnect.ts";
import { groupMembers } from "../../lib/kafka/consume/group_offsets.ts";
import { EXIT } from "../../lib/errors.ts";
import { CHECKOUT } from "../../tools/stack/folders.ts";
import { runningServices } from "../../tools/stack/local_stack.ts";
import { isAlive, type ProcessRecord, signal } from "../../tools/stack/processes.ts";
import { eventually, type Finished, startTask, task } from "../support/commands.ts";
import { testEnv, testKafka } from "../support/kafka.ts";
import { HAS_TERMINAL } from "../support/terminal.ts";

/** Those that need no stack of their own; the others are run by hand, `deno task drill all`. */
const QUICK = ["kill", "twice", "reset", "poison", "stale"];
/** What each of them finds with the careless consumer. */
const CARELESS: Record<string, RegExp> = {
  kill: /4 doubled, book is 2 in place of 6$/m,
  twice: /3 doubled, book is 1 in place of 8$/m,
  reset: /5 doubled, book is 0 in place of 5$/m,
  poison: /2 of 4 not accepted, book is 8 in place of 6$/m,
  stale: /2 sold without stock, book is 4 in place of 0$/m,
};

function stackFlags(): string[] {
  const { KAFKA_BOOTSTRAP_SERVERS, SCHEMA_REGISTRY_URL } = testEnv();
  return ["--brokers", KAFKA_BOOTSTRAP_SERVERS, "--registry", SCHEMA_REGISTRY_URL];
}

/** A person's own settings, which no drill may follow. */
const ELSEWHERE = {
  KAFKA_BOOTSTRAP_SERVERS: "localhost:1",
  SCHEMA_REGISTRY_URL: "http://localhost:1",
  KAFKA_SECURITY_PROTOCOL: "SSL",
  DATABASE_URL: "postgres://nobody@localhost:1/nothing",
  STORAGE_DIR: "/nowhere",
};

async function drill(...args: string[]): Promise<Finished> {
  return await task("drill", [...args, ...stackFlags()], ELSEWHERE);
}

/** The part of the output that is about one drill. */
function partOf(stdout: string, name: string): string {
  return stdout.split("\n\n").find((part) => part.trimStart().startsWith(name))!;
}

Deno.test("drill() grades our consumer green and a careless one red, each for its fault", async (t) => {
  // At once, for they wait most of the time.
  const [ours, careless] = await Promise.all([drill(...QUICK), drill(...QUICK, "--naive")]);
  await t.step("ours", () => {
    assert.deepEqual([ours.code, ours.stderr], [EXIT.ok, ""], ours.stdout);
    for (const name of QUICK) {
      const part = partOf(ours.stdout, name);
      assert.match(part, /^No prediction: there is no terminal/m);
      assert.match(part, /^verify: ok \(2 items, \d+ accepted orders?\); counted: \d+ accepted, each once$/m);
      assert.match(part, /^grade: green/m);
      assert.ok(part.trim().split("\n").length <= 16, part);
    }
  });
  await t.step("the careless one", () => {
    assert.deepEqual([careless.code, careless.stderr], [EXIT.failed, ""], careless.stdout);
    for (const name of QUICK) {
      const part = partOf(careless.stdout, name);
      assert.match(part, CARELESS[name]);
      assert.match(part, /^careless: drill\/naive_consumer\.ts:\d+: \S/m);
      assert.match(part, /^grade: red/m);
    }
  });
});

Deno.test("drill() says plainly where the careless consumer cannot play", async () => {
  const { code, stdout } = await task("drill", ["rebalance", "leader", "--naive"], ELSEWHERE);
  assert.equal(code, EXIT.ok);
  for (const name of ["rebalance", "leader"]) assert.match(partOf(stdout, name), /^ {2}does not apply: \S/m);
});

Deno.test({
  name: "drill() asks a person for a key, and says whether that was right" +
    (HAS_TERMINAL ? "" : " (skipped: needs script of util-linux)"),
  ignore: !HAS_TERMINAL,
  async fn() {
    const child = new Deno.Command("script", {
      args: ["-qec", `deno task -q drill poison ${stackFlags().join(" ")}`, "/dev/null"],
      cwd: CHECKOUT,
      env: { ...ELSEWHERE, TERM: "xterm", NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const keys = child.stdin.getWriter();
    let text = "";
    for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) {
      const wasAsked = text.includes("Your prediction (1-3");
      text += piece;
      if (!wasAsked && text.includes("Your prediction (1-3")) await keys.write(new TextEncoder().encode("x1"));
    }
    await keys.close();
    assert.equal((await child.status).code, EXIT.ok, text);
    assert.match(text, /Your prediction: 1\r$/m);
    assert.match(text, /^You said 1, but: 3 {2}it goes to a topic of its own/m);
  },
});

Deno.test("drill() leaves no topic, group or consumer behind when it is stopped", async () => {
  await withAdmin(createKafka(testKafka()), async (admin) => {
    const topics = async () => new Set((await admin.listTopics()).filter((topic) => /^drill-kill-\w+$/.test(topic)));
    const before = await topics();
    await using running = startTask("drill", ["kill", ...stackFlags()], ELSEWHERE);
    const group = await eventually("its consumer is a member", async () => {
      const [topic] = (await topics()).difference(before);
      const isMember = topic !== undefined && (await groupMembers(admin, topic)).members.length > 0;
      return isMember ? topic : undefined;
    });
    running.signal("SIGINT");
    const { code, stderr } = await running.end;
    assert.deepEqual([code, stderr], [EXIT.failed, "error: Stopped; what was started is gone again\n"]);
    await eventually("its topics are gone", async () => (await topics()).difference(before).size === 0);
    assert.deepEqual((await groupMembers(admin, group)).members, []);
  });
});

Deno.test("drill() says in one line that the Kafka it was given does not answer", async () => {
  const { code, stderr } = await task("drill", [
    ...["twice", "--brokers", "127.0.0.1:1", "--registry", "http://127.0.0.1:1"],
  ], ELSEWHERE);
  assert.equal(code, EXIT.unavailable);
  assert.match(stderr, /^error: Cannot \S[^\n]* at 127\.0\.0\.1:1: [^\n]+\n$/);
});

Deno.test("drill() leaves no broker behind when it is stopped, and does not wait for one that does not end when asked", async () => {
  const temp = Deno.makeTempDirSync({ prefix: "orders-drill-" });
  let services: ProcessRecord[] = [];
  try {
    await using running = startTask("drill", ["twice"], { ...ELSEWHERE, TMPDIR: temp });
    const folder = (prefix: string) => [...Deno.readDirSync(temp)].find(({ name }) => name.startsWith(prefix))?.name;
    await eventually("a store, once the broker answers", () => folder("drill-storage-"), 60_000);
    services = [...(await runningServices(join(temp, folder("drill-stack-")!))).values()];
    assert.equal(services.length, 2);
    for (const { pid } of services) Deno.kill(pid, "SIGSTOP");
    running.signal("SIGINT");
    let end: Finished | undefined;
    running.end.then((finished) => end = finished);
    const { code, stderr } = await eventually("its end", () => end, 15_000);
    assert.deepEqual([code, stderr], [EXIT.failed, "error: Stopped; what was started is gone again\n"]);
    assert.deepEqual([...Deno.readDirSync(temp)], []);
    assert.deepEqual(await Promise.all(services.map(isAlive)), [false, false]);
  } finally {
    await signal("KILL", services);
    Deno.removeSync(temp, { recursive: true });
  }
});
