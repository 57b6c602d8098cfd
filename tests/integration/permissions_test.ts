import assert from "node:assert/strict";
import { join } from "node:path";
import { CREDENTIAL_FILES } from "../../lib/cli/environment.ts";
import { shellWord } from "../../lib/shell_word.ts";
import { EXIT } from "../../lib/errors.ts";
import { CHECKOUT } from "../../tools/stack/folders.ts";
import { makeCertificates } from "../../tools/stack/secure/certificates.ts";
import { type Finished, ownWorld, task, taskWords } from "../support/commands.ts";

const HAS_TERMINAL = Deno.build.os === "linux"; // `script` takes other flags elsewhere

/** Command lines of each task that together need all that it is granted; in an order that works. */
const RUNS: readonly [name: string, args: string[], exit?: number][] = [
  ["bootstrap", []],
  ["user", ["add", "--user", "dave", "--status", "paid"]],
  ["inventory", ["show"]],
  ["produce", ["--count", "30", "--delay", "0", "--mix", "poison=20,unpaid=20"]],
  ["produce", ["--count", "1", "--schema", "schemas/order_v2.avsc"]],
  ["consume", ["--until-end"]],
  ["dlq", ["--since", "2026-01-01T00:00"]],
  ["replay", []],
  ["replay", ["--rejected"]],
  ["replay", ["--dlq"]],
  ["verify", []],
  ["whatif", ["--since", "2026-01-01T00:00"]],
  ["why", ["no-such-order"], EXIT.failed],
  ["dashboard", ["--port", "0"]],
];
/** What runs on is stopped, once it has asked for everything. */
const STOPS: Readonly<Record<string, readonly string[]>> = { dashboard: ["timeout", "--preserve-status", "5"] };
const TASKS = [...new Set(RUNS.map(([name]) => name))];

/** Names of our settings: one that is asked for and not granted would silently read as not set. */
const OUR_NAMES = /^(KAFKA_|SCHEMA_REGISTRY_|ORDERS_|CONSUMER_|STORAGE_|DATABASE_)/;

interface Access {
  permission: string;
  value: string | null;
}

/** Runs a task's command line as `deno task` does, on a terminal, where it asks for most; what it asked for. */
async function audited(
  name: string,
  args: string[],
  env: Record<string, string>,
): Promise<Finished & { asked: Access[] }> {
  const log = await Deno.makeTempFile({ prefix: "permissions-" });
  try {
    const words = [...STOPS[name] ?? [], Deno.execPath(), ...taskWords(name, env), ...args];
    const line = words.map(shellWord).join(" ");
    const { code, stdout, stderr } = await new Deno.Command("script", {
      args: ["-qefc", line, "/dev/null"],
      cwd: CHECKOUT,
      clearEnv: true,
      env: { ...plainEnv(), ...env, DENO_AUDIT_PERMISSIONS: log },
      stdin: "null",
    }).output();
    const asked = Deno.readTextFileSync(log).split("\n").filter(Boolean).map((entry) => JSON.parse(entry));
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: text(stdout), stderr: text(stderr), asked };
  } finally {
    Deno.removeSync(log);
  }
}

/** What finds programs and the test's stack, and a terminal of no known kind: nothing that settles colours early. */
function plainEnv(): Record<string, string> {
  const kept = ["PATH", "HOME", "DENO_DIR", "KAFKA_BOOTSTRAP_SERVERS", "SCHEMA_REGISTRY_URL"];
  const set = kept.flatMap((name) => Deno.env.has(name) ? [[name, Deno.env.get(name)!]] : []);
  return { ...Object.fromEntries(set), TERM: "unknown" };
}

/** The permission set that a task names, and the paths of its own flags. */
function granted(name: string, env: Record<string, string>) {
  const words = taskWords(name, env);
  const flag = (prefix: string) => words.find((word) => word.startsWith(prefix))?.slice(prefix.length).split(",") ?? [];
  const [set] = flag("-P=");
  const { permissions } = JSON.parse(Deno.readTextFileSync(join(CHECKOUT, "deno.json")));
  const { env: { allow: names, ignore }, net = false, ...rest } = permissions[set];
  assert.equal(ignore, true, "all other variables read as not set");
  assert.deepEqual(rest, {}, `the set ${set} grants more than env and net`);
  return { set, names: names as string[], net, read: flag("--allow-read="), write: flag("--allow-write=") };
}

function isWithin(path: string | null, folders: string[]): boolean {
  return folders.some((folder) => path === folder || path?.startsWith(`${folder}/`));
}

function isGranted({ permission, value }: Access, { names, net, read, write }: ReturnType<typeof granted>): boolean {
  switch (permission) {
    case "env":
      return names.includes(value!) || !OUR_NAMES.test(value!); // read as not set
    case "net":
      return net;
    case "read":
      return isWithin(value, read);
    case "write":
      return isWithin(value, write);
    default:
      return false;
  }
}

Deno.test({
  name: "each task asks for nothing that it is not granted, and is granted no variable that none of them asks for" +
    (HAS_TERMINAL ? "" : " (skipped: needs script of util-linux)"),
  ignore: !HAS_TERMINAL,
  async fn() {
    using world = ownWorld();
    const { env } = world;
    const variables = new Map<string, Set<string>>();
    const runs = [...RUNS, ...TASKS.map((name) => [name, ["--help"], EXIT.ok] as const)];
    for (const [name, args, exit = EXIT.ok] of runs) {
      const grant = granted(name, env);
      const { code, stdout, asked } = await audited(name, [...args], env);
      const what = `deno task ${name} ${args.join(" ")}`;
      assert.equal(code, exit, `${what}: ${stdout}`);
      assert.deepEqual(asked.filter((access) => !isGranted(access, grant)), [], what);
      const names = variables.get(grant.set) ?? new Set(grant.names);
      for (const { permission, value } of asked) if (permission === "env") names.delete(value!);
      variables.set(grant.set, names);
    }
    assert.deepEqual([...variables].map(([set, names]) => [set, [...names]]), [["files", []], ["kafka", []], [
      "whatif",
      [],
    ]]);
  },
});

Deno.test("no task but those of the stack can read, write, run or ask beyond its storage", async () => {
  using world = ownWorld();
  const outside = `
    function refused() {
      throw new Deno.errors.NotCapable();
    }
    for (const reach of [
      () => Deno.readTextFileSync("/etc/hostname"),
      () => Deno.readTextFileSync("${CHECKOUT}/deno.json"),
      () => Deno.readDirSync("${CHECKOUT}"),
      () => Deno.writeTextFileSync("${CHECKOUT}/written.txt", ""),
      () => Deno.env.get("HOME") ?? refused(),
      () => new Deno.Command("sh").outputSync(),
      () => Deno.dlopen("libc.so.6", {}),
      () => Deno.hostname(),
    ]) {
      try {
        reach();
        console.log("allowed: " + reach);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotCapable)) throw error;
      }
    }
    console.log("tried all");
  `;
  for (const name of TASKS) {
    const child = new Deno.Command(Deno.execPath(), {
      args: [...taskWords(name, world.env).slice(0, -1), "-"], // the task's flags, another script
      cwd: CHECKOUT,
      env: world.env,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(outside));
    await writer.close();
    const { stdout } = await child.output();
    assert.equal(new TextDecoder().decode(stdout), "tried all\n", name);
  }
});

Deno.test("a task that asks nobody else may ask the host in DATABASE_URL, and no other one", async () => {
  using world = ownWorld();
  const hosts = {
    "": [],
    "nonsense": [],
    "postgres://me@db.example/orders": ["--allow-net=db.example:5432"],
    "postgres://me:secret@[::1]:6543/orders": ["--allow-net=[::1]:6543"],
    "postgres://me@a.example,b.example/orders": [],
    "postgres://me@db.example --allow-all/orders": [],
  };
  for (const name of ["bootstrap", "user", "inventory"]) {
    for (const [url, grants] of Object.entries(hosts)) {
      const words = taskWords(name, { ...world.env, DATABASE_URL: url });
      assert.deepEqual(words.filter((word) => /^--allow-(net|all)/.test(word)), grants, url);
    }
  }
  const { code, stderr } = await task("user", ["show", "--database", "postgres://me@localhost:1/orders"], world.env);
  assert.equal(code, EXIT.failed);
  assert.match(stderr, /^error: No net access to localhost:1: .* set that in place of --database\n$/);
});

Deno.test("another storage folder is refused with the command line that grants it, which then works", async () => {
  using world = ownWorld();
  using other = ownWorld();
  const storage = join(other.storage, "o'clock $HOME; ä");
  const certificate = join(other.storage, "of a test.pem");
  Deno.writeTextFileSync(certificate, (await makeCertificates()).ca);
  const env = { ...world.env, KAFKA_SECURITY_PROTOCOL: "SSL", KAFKA_SSL_CA_FILE: certificate };
  const runs = [
    ["bootstrap", ["--storage", storage]],
    ["user", ["add", "--user", "d'Arc; exit 3", "--status", "paid", `--storage=${storage}`]],
    ["produce", ["--dry-run", "--count", "1", "--storage", storage]],
  ] as const;
  for (const [name, args] of runs) {
    const { code, stdout, stderr } = await task(name, args, env);
    assert.deepEqual([code, stdout], [EXIT.failed, ""], name);
    const line = /^error: No (?:read|write) access to .*: .* or run (deno run .*)\n$/.exec(stderr)?.[1];
    assert.ok(line !== undefined, stderr);
    const again = await new Deno.Command("sh", { args: ["-c", line], cwd: CHECKOUT, env }).output();
    assert.equal(again.code, EXIT.ok, new TextDecoder().decode(again.stderr));
  }
});

Deno.test("each task may read the credential files that are set, whatever their names, and no other one", async () => {
  using world = ownWorld();
  const certificate = join(world.storage, "of a test.pem");
  const { ca } = await makeCertificates();
  Deno.writeTextFileSync(certificate, ca);
  for (const name of TASKS.filter((name) => granted(name, world.env).set === "kafka")) {
    const set = Object.fromEntries(CREDENTIAL_FILES.map((name) => [name, `/credentials/of a ${name}`]));
    const unset = Object.fromEntries(CREDENTIAL_FILES.map((name) => [name, ""]));
    const without = granted(name, world.env).read;
    assert.deepEqual(granted(name, { ...world.env, ...set }).read, [...without, ...Object.values(set)], name);
    assert.deepEqual(granted(name, { ...world.env, ...unset }).read, without, name);
  }
  // By the task runner itself, which has a shell of its own.
  await task("bootstrap", [], world.env);
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "-q", "produce", "--dry-run", "--count", "1"],
    cwd: CHECKOUT,
    env: { ...world.env, KAFKA_SECURITY_PROTOCOL: "SSL", KAFKA_SSL_CA_FILE: certificate },
  }).output();
  assert.equal(code, EXIT.ok, new TextDecoder().decode(stderr));
});
