import assert from "node:assert/strict";
import { userInfo } from "node:os";
import { join } from "node:path";
import { VERSION } from "../../lib/cli/version.ts";
import { EXIT } from "../../lib/errors.ts";
import { exists } from "../../lib/files/disk/exists.ts";
import { freePorts } from "../../tools/stack/ports.ts";
import { eventually } from "../support/commands.ts";
import { httpGet } from "../support/http_get.ts";
import { randomName, testEnv } from "../support/kafka.ts";
import { withoutPostgres } from "../support/postgres.ts";
import { TestDatabase } from "../support/postgres_database.ts";
import { compiled, namesIn, type Programs } from "../support/programs.ts";
import { canRemount, remounted } from "../support/remounted.ts";

const CAN_MOUNT = await canRemount();
const SHELL_ONLY = Deno.build.os === "windows" ? " (skipped: needs a POSIX shell)" : "";

function linesIn(path: string): number {
  try {
    return Deno.readTextFileSync(path).split("\n").length - 1;
  } catch {
    return 0;
  }
}

Deno.test({
  name: `a self-extracting program${SHELL_ONLY}`,
  ignore: SHELL_ONLY !== "",
  async fn(t) {
    using programs = await compiled(["orders", "consumer", "--self-extracting"]);
    await t.step(
      "that is damaged or cut off is refused in one line, and unpacks nothing",
      () => refusesDamage(programs),
    );
    await t.step("starts while it is starting", () => startsTwice(programs));
    await t.step("runs where the environment is empty, from the home folder", () => runsWithoutEnvironment(programs));
    await t.step("says what to set where there is no folder to unpack into", () => needsFolder(programs));
    await t.step({
      name: "names a disk from which no program starts" + (CAN_MOUNT ? "" : " (skipped: needs mount namespaces)"),
      ignore: !CAN_MOUNT,
      fn: () => needsStarts(programs),
    });
    await t.step("has the rights of its task: no other folder, no other program", () => keepsRights(programs));
    await t.step("does all of the walk-through, and judges once what it was killed at", () => walks(programs));
    await t.step("shows the dashboard, which names commands as the program does", () => showsDashboard(programs));
    const reason = withoutPostgres();
    await t.step({
      name: reason === undefined ? "uses a database" : `uses a database (skipped: ${reason})`,
      ignore: reason !== undefined,
      fn: () => usesDatabase(programs),
    });
  },
});

async function refusesDamage({ dist, cache, run }: Programs): Promise<void> {
  const whole = Deno.readFileSync(join(dist, "orders-self-extracting"));
  const damage = async (bytes: Uint8Array) => {
    Deno.writeFileSync(join(dist, "damaged"), bytes, { mode: 0o755 });
    const { code, stdout, stderr } = await run("damaged", ["--version"]);
    assert.deepEqual([code, stdout, stderr.split("\n").length], [EXIT.data, "", 2], stderr);
    assert.match(stderr, /^error: \S+damaged is damaged: .*, get it again\n$/);
  };
  await damage(whole.subarray(0, whole.length - 1));
  for (const at of [whole.length / 2, whole.length - 2].map(Math.floor)) {
    whole[at] ^= 1;
    await damage(whole);
    whole[at] ^= 1;
  }
  const unpacked = [...Deno.readDirSync(join(cache, "order-pipeline"))].flatMap(({ name }) =>
    namesIn(join(cache, "order-pipeline", name))
  );
  assert.ok(!unpacked.some((name) => name.startsWith("orders.js")), `${unpacked}`);
  Deno.removeSync(join(dist, "damaged"));
  Deno.removeSync(cache, { recursive: true });
}

async function startsTwice({ cache, run }: Programs): Promise<void> {
  const both = await Promise.all([1, 2].map(() => run("orders-self-extracting", ["--version"])));
  for (const end of both) assert.deepEqual(end, { code: EXIT.ok, stdout: `orders ${VERSION}\n`, stderr: "" });
  const folder = join(cache, "order-pipeline");
  const { mode, uid } = Deno.statSync(folder);
  assert.deepEqual([mode! & 0o777, uid], [0o700, Deno.uid()]);
  const files = namesIn(folder).filter((name) => name !== "deno").flatMap((name) => namesIn(join(folder, name)));
  assert.deepEqual(files.sort(), ["deno", "orders.js"], "nothing half unpacked is left");
  const script = namesIn(folder).map((name) => join(folder, name, "orders.js")).find((path) => linesIn(path) > 0)!;
  const paths = Deno.readTextFileSync(script).match(/(?:"|\/\/ )(?:\.\.)?\/[^"\n]*\/npm\/[^"\n]*/g);
  assert.equal(paths, null, "it names no folder of the machine that it was made on");
}

async function runsWithoutEnvironment({ cache, run }: Programs): Promise<void> {
  const folder = join(userInfo().homedir, ".cache", "order-pipeline");
  const kinds = namesIn(join(cache, "order-pipeline")).filter((name) => name !== "deno");
  const others = exists(folder) ? kinds.filter((name) => !exists(join(folder, name))) : [""];
  try {
    const { code, stdout } = await run("orders-self-extracting", ["--help"], {});
    assert.equal(code, EXIT.ok);
    assert.match(stdout, /^Usage: orders \(bootstrap .*\n\n {2}bootstrap .*Examples:\n {2}orders bootstrap\n/ms);
    assert.ok(Deno.statSync(join(folder, kinds[0])).isDirectory);
  } finally {
    for (const name of others) Deno.removeSync(join(folder, name), { recursive: true });
  }
}

async function needsFolder({ run, place }: Programs): Promise<void> {
  const file = join(place, "file");
  Deno.writeTextFileSync(file, "");
  const { code, stderr } = await run("orders-self-extracting", ["--version"], { HOME: file });
  assert.equal(code, EXIT.config);
  assert.match(stderr, /^error: Cannot create .*: set XDG_CACHE_HOME\n$/);
  const shared = join(place, "shared");
  const folder = join(shared, "order-pipeline");
  const refuses = async (what: string) => {
    const { code, stderr } = await run("orders-self-extracting", [], { XDG_CACHE_HOME: shared });
    assert.equal(code, EXIT.config, what);
    assert.match(stderr, /^error: .* must be a folder of yours that nobody else may enter.*\n$/, what);
    assert.deepEqual(namesIn(folder), [], what);
  };
  Deno.mkdirSync(folder, { recursive: true });
  for (const mode of [0o777, 0o770, 0o755, 0o701]) {
    Deno.chmodSync(folder, mode);
    await refuses(mode.toString(8));
  }
  Deno.removeSync(folder);
  Deno.mkdirSync(join(place, "elsewhere"), { mode: 0o700 });
  Deno.symlinkSync(join(place, "elsewhere"), folder);
  await refuses("a link");
}

async function needsStarts({ cache, dist, place }: Programs): Promise<void> {
  const [unshare, ...args] = [...remounted(cache, "noexec"), join(dist, "orders-self-extracting"), "--version"];
  const { code, stderr } = await new Deno.Command(unshare, { args, cwd: place, env: { XDG_CACHE_HOME: cache } })
    .output();
  assert.equal(code, EXIT.config);
  assert.match(new TextDecoder().decode(stderr), /^error: \S+ is on a disk .*: set XDG_CACHE_HOME\n$/);
}

async function keepsRights({ place, cache, run }: Programs): Promise<void> {
  const [mine, other] = ["mine", "other"].map((name) => join(place, name));
  const env = { XDG_CACHE_HOME: cache, STORAGE_DIR: mine };
  assert.equal((await run("orders-self-extracting", ["bootstrap"], env)).code, EXIT.ok);
  for (const [right, command] of [["write", ["bootstrap"]], ["read", ["user", "show"]]] as const) {
    const { code, stderr } = await run("orders-self-extracting", [...command, "--storage", other], env);
    assert.equal(code, EXIT.failed);
    assert.match(stderr, new RegExp(`^error: No ${right} access to .*: this program is granted .* STORAGE_DIR\\n$`));
  }
  const play = await run("orders-self-extracting", ["dashboard", "--play", "--port", "0"], env);
  assert.equal(play.code, EXIT.failed);
  assert.match(play.stderr, /^error: --play runs commands, which this program may not.*\n$/);
  const comma = await run("orders-self-extracting", ["user", "show"], { ...env, STORAGE_DIR: "a,b" });
  assert.equal(comma.code, EXIT.config);
  assert.match(comma.stderr, /^error: STORAGE_DIR names a path with a comma.*\n$/);
  const unknown = await run("orders-self-extracting", ["verfiy"], env);
  assert.equal(unknown.code, EXIT.usage);
  assert.match(unknown.stderr, /^error: .*`verfiy`\. Did you mean `verify`\? \(see orders --help\)\n$/);
}

async function walks({ place, run, start }: Programs): Promise<void> {
  const name = randomName();
  const { KAFKA_BOOTSTRAP_SERVERS, SCHEMA_REGISTRY_URL } = testEnv();
  const kafka = ["--brokers", KAFKA_BOOTSTRAP_SERVERS, "--registry", SCHEMA_REGISTRY_URL, "--topic", name];
  const orders = async (command: string, ...args: string[]) => {
    const { code, stdout, stderr } = await run("orders-self-extracting", [command, ...args]);
    assert.equal(code, EXIT.ok, `orders ${command}: ${stderr}`);
    return stdout;
  };
  assert.match(await orders("bootstrap"), /^Added to storage: alice paid/);
  await orders("inventory", "update", "--item", "pen", "--quantity", "100000");
  await orders("produce", "--count", "20", "--delay", "0", ...kafka);
  const consumed = await run("consumer-self-extracting", ["--until-end", "--group", name, ...kafka]);
  assert.match(consumed.stdout, /^20 orders: /m, consumed.stderr);

  const before = linesIn(join(place, "storage", "orders.jsonl"));
  await orders("produce", "--count", "5000", "--delay", "0", ...kafka);
  {
    await using consumer = start("consumer-self-extracting", ["--group", name, ...kafka]);
    await eventually("more orders", () => linesIn(join(place, "storage", "orders.jsonl")) > before || undefined);
    consumer.signal("SIGKILL"); // Deno itself: it has taken the shell's place
    await consumer.end;
  }
  {
    await using consumer = start("consumer-self-extracting", ["--group", name, ...kafka]);
    const verdicts = () =>
      ["orders", "rejected"].reduce((n, log) => n + linesIn(join(place, "storage", `${log}.jsonl`)), 0);
    await eventually("a verdict for each", () => verdicts() >= 5_020 || undefined);
    consumer.signal("SIGTERM");
    const { code, stdout } = await consumer.end;
    assert.equal(code, EXIT.ok);
    assert.match(stdout, /orders: \d+ accepted/);
  }
  await run("consumer-self-extracting", ["--until-end", "--group", name, ...kafka]);
  assert.match(await orders("verify", ...kafka), /^verify: ok /m);
}

async function showsDashboard({ start }: Programs): Promise<void> {
  const [port] = freePorts(1);
  const { KAFKA_BOOTSTRAP_SERVERS, SCHEMA_REGISTRY_URL } = testEnv();
  const kafka = ["--brokers", KAFKA_BOOTSTRAP_SERVERS, "--registry", SCHEMA_REGISTRY_URL];
  await using dashboard = start("orders-self-extracting", ["dashboard", "--port", `${port}`, ...kafka]);
  const script = await eventually("its page", () => httpGet(`http://127.0.0.1:${port}/state.js`));
  assert.match(script.text, /"orders consume"/);
  assert.doesNotMatch(script.text, /deno task/);
  dashboard.signal("SIGINT");
  assert.equal((await dashboard.end).code, EXIT.ok);
}

async function usesDatabase({ cache, run }: Programs): Promise<void> {
  await using database = await TestDatabase.empty();
  const env = { XDG_CACHE_HOME: cache, DATABASE_URL: database.url };
  const { code, stderr } = await run("orders-self-extracting", ["bootstrap"], env);
  assert.equal(code, EXIT.ok, stderr);
  assert.match((await run("orders-self-extracting", ["user", "show"], env)).stdout, /^alice {2}paid$/m);
}
