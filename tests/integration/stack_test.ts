import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT } from "../../lib/errors.ts";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { withAdmin } from "../../lib/kafka/client/disconnect.ts";
import { ensureTopics } from "../../lib/kafka/client/topics_admin.ts";
import { CHECKOUT } from "../../tools/stack/folders.ts";
import { isAlive, type ProcessRecord } from "../../tools/stack/processes.ts";
import { readPid, readState, type StackState } from "../../tools/stack/state.ts";
import { eventually, taskWords } from "../support/commands.ts";
import { registerSchema } from "../support/register_schema.ts";

/** The slowest of all is a first `down`, which writes the archives of loaded classes. */
const PATIENCE_MS = 90_000;
/** Nobody listens there. */
const DEAD_PROXY = Object.fromEntries(
  ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"].map((name) => [name, "http://127.0.0.1:9"]),
);
const ANY_PORTS = ["--local", "--kafka-port", "0", "--registry-port", "0"];

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Starts `tools/stack/SCRIPT.ts` with the permissions its task has. */
function start(
  script: "up" | "down",
  dataDir: string,
  args: string[] = [],
  env: Record<string, string> = {},
): Deno.ChildProcess {
  const command = [...taskWords(script, env), "--data-dir", dataDir, ...args];
  return new Deno.Command(Deno.execPath(), {
    args: command,
    cwd: CHECKOUT,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function finish(child: Deno.ChildProcess): Promise<Outcome> {
  const { code, stdout, stderr } = await child.output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** Runs it to its end, which must be a success, and returns what it says. */
async function succeed(script: "up" | "down", dataDir: string, args: string[] = []): Promise<string> {
  const { code, stdout, stderr } = await finish(start(script, dataDir, args));
  assert.equal(code, EXIT.ok, stderr);
  return stdout;
}

/** Gives `use` a folder of its own and ends whatever runs in it afterwards. */
async function withDataDir(use: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = Deno.makeTempDirSync({ prefix: "stack-test-" });
  try {
    await use(dataDir);
  } finally {
    await finish(start("down", dataDir, ["--purge"]));
  }
}

function requireState(dataDir: string): StackState {
  const state = readState(dataDir);
  assert.ok(state, "there is no stack.json");
  return state;
}

async function assertEnded(records: readonly ProcessRecord[]): Promise<void> {
  for (const record of records) assert.equal(await isAlive(record), false, `process ${record.pid} still runs`);
}

function registerKept(registry: string): Promise<number> {
  return registerSchema("kept-value", { type: "record", name: "Kept", fields: [] }, { registry: { url: registry } });
}

async function topicsOf(brokers: string): Promise<string[]> {
  return await withAdmin(createKafka({ brokers: brokers.split(",") }), (admin) => admin.listTopics());
}

Deno.test("a local stack", (t) =>
  withDataDir(async (dataDir) => {
    await t.step("up() returns when broker and registry answer and the topics exist", async () => {
      const said = await succeed("up", dataDir, ANY_PORTS);
      const { brokers, registry } = requireState(dataDir);
      assert.match(brokers, /^127\.0\.0\.1:\d+$/);
      assert.ok(said.includes(`export KAFKA_BOOTSTRAP_SERVERS=${brokers}\n`), said);
      assert.ok(said.includes(`export SCHEMA_REGISTRY_URL=${registry}\n`), said);
      const topics = await topicsOf(brokers);
      assert.ok(topics.includes("orders") && topics.includes("orders.dlq"), topics.join());
    });

    await t.step("up() again says that it runs and leaves it alone", async () => {
      const before = requireState(dataDir);
      assert.match(await succeed("up", dataDir, ANY_PORTS), /running already/i);
      assert.deepEqual(requireState(dataDir), before);
    });

    for (const service of ["broker-1", "registry"]) {
      await t.step(`up() restarts a killed ${service}, and only that`, async () => {
        const { pids, ...before } = requireState(dataDir);
        Deno.kill(pids[service].pid, "SIGKILL");
        await eventually(`${service} has ended`, async () => !(await isAlive(pids[service])), PATIENCE_MS);
        await succeed("up", dataDir);
        const { pids: now, ...after } = requireState(dataDir);
        assert.notEqual(now[service].pid, pids[service].pid);
        const other = service === "registry" ? "broker-1" : "registry";
        assert.deepEqual(now[other], pids[other]);
        assert.deepEqual([after.brokers, after.registry], [before.brokers, before.registry]);
      });
    }

    await t.step("down() and up() keep ports, topics and schema ids", async () => {
      const before = requireState(dataDir);
      await ensureTopics({ brokers: before.brokers.split(",") }, "kept");
      const id = await registerKept(before.registry);
      await succeed("down", dataDir);
      await assertEnded(Object.values(before.pids));
      await succeed("up", dataDir);
      const after = requireState(dataDir);
      assert.deepEqual([after.brokers, after.registry], [before.brokers, before.registry]);
      assert.ok((await topicsOf(after.brokers)).includes("kept"));
      assert.equal(await registerKept(after.registry), id);
    });

    await t.step("up() asks its own machine past the proxy that the environment names", async () => {
      await succeed("down", dataDir);
      const { code, stderr } = await finish(start("up", dataDir, [], DEAD_PROXY));
      assert.equal(code, EXIT.ok, stderr);
    });

    await t.step("down() with --purge leaves no process and no folder", async () => {
      const { pids } = requireState(dataDir);
      await succeed("down", dataDir, ["--purge"]);
      await assertEnded(Object.values(pids));
      assert.throws(() => Deno.statSync(dataDir), Deno.errors.NotFound);
    });
  }));

Deno.test("up() names the port that another process has and the flag to avoid it", () =>
  withDataDir(async (dataDir) => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    const flags = ["--local", "--kafka-port", `${port}`, "--registry-port", "0"];
    const { code, stderr } = await finish(start("up", dataDir, flags));
    assert.equal(code, EXIT.busy, stderr);
    assert.match(stderr, new RegExp(`\\b${port}\\b.*--kafka-port`));
    assert.equal(stderr.trim().split("\n").length, 1);
    assert.equal(readState(dataDir), undefined);
  }));

Deno.test("up() ends what it started when it is interrupted", () =>
  withDataDir(async (dataDir) => {
    const child = start("up", dataDir, [...ANY_PORTS, "--postgres"]);
    const outcome = finish(child);
    const records = await Promise.all(
      ["broker-1", "registry", "postgres"].map((service) =>
        eventually(`${service} has started`, () => readPid(join(dataDir, service)), PATIENCE_MS)
      ),
    );
    child.kill("SIGTERM");
    const { code, stderr } = await outcome;
    assert.equal(code, EXIT.failed, stderr);
    await assertEnded(records);
    assert.equal(readState(dataDir), undefined);
  }));

Deno.test("up() says why a service ended at its start and ends the other one", () =>
  withDataDir(async (dataDir) => {
    Deno.mkdirSync(join(dataDir, "registry", "data"), { recursive: true });
    Deno.writeTextFileSync(join(dataDir, "registry", "data", "registry.mv.db"), "no database\n".repeat(1_000));
    const outcome = finish(start("up", dataDir, ANY_PORTS));
    const broker = await eventually("the broker has started", () => readPid(join(dataDir, "broker-1")), PATIENCE_MS);
    const { code, stderr } = await outcome;
    assert.equal(code, EXIT.unavailable, stderr);
    assert.match(stderr, /registry ended at its start: .+log\.txt/);
    await assertEnded([broker]);
  }));
