import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT } from "../../lib/errors.ts";
import { task } from "../support/commands.ts";
import { copyCheckout } from "../support/own_checkout.ts";

/** What a URL, a file of properties, a shell or Java may take for something else. */
const ODD = "my project ü#1 100%20";
const FREE_PORTS = ["--local", "--kafka-port", "0", "--registry-port", "0"];
/** A shell's language that knows no umlauts. */
const PLAIN = { LC_ALL: "C", STORAGE_DIR: "", KAFKA_BOOTSTRAP_SERVERS: "", SCHEMA_REGISTRY_URL: "" };

async function shell(folder: string, line: string): Promise<string> {
  const args = ["-c", line, Deno.execPath()];
  const { code, stdout, stderr } = await new Deno.Command("sh", { args, cwd: folder, env: PLAIN, stdin: "null" })
    .output();
  assert.equal(code, EXIT.ok, `${line}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

Deno.test("a checkout in a folder with an odd name", async (t) => {
  const home = Deno.makeTempDirSync();
  const checkout = join(home, ODD);
  const secure = join(checkout, "secure 1"); // a stack of its own, beside the checkout's
  const up = `"$0" task -q up ${FREE_PORTS.join(" ")}`;
  try {
    await copyCheckout(checkout);
    await t.step("demo() runs from end to end", async () => {
      await shell(checkout, up);
      assert.match(await shell(checkout, '"$0" task -q demo'), /First verdict after/);
      await shell(checkout, '"$0" task -q verify');
    });
    await t.step("down() and up() find it again", async () => {
      await shell(checkout, '"$0" task -q down');
      assert.match(await shell(checkout, `${up} && "$0" task -q down --purge`), /Deleted its data/);
    });
    await t.step("up() with --secure and --postgres, and their users, find certificates and passwords", async () => {
      await shell(checkout, `${up} --secure --postgres --data-dir '${secure}'`);
      for (const user of ["producer", "producer-tls"]) {
        await shell(checkout, `. '${secure}/secure/${user}.env' && "$0" task -q produce --count 1 --delay 0`);
      }
      const doctor = await shell(
        checkout,
        `. '${secure}/postgres/orders.env' && "$0" task -q bootstrap && { "$0" task -q doctor || :; }`,
      );
      assert.match(doctor, /^ok {4}database {3}.* in PostgreSQL 18/m);
    });
  } finally {
    for (const dataDir of [join(checkout, ".stack"), secure]) {
      await shell(checkout, `"$0" task -q down --purge --data-dir '${dataDir}'`);
    }
    Deno.removeSync(home, { recursive: true });
  }
});

Deno.test("up() with --secure refuses a folder with a comma or two blanks, in one line", async () => {
  for (const dataDir of ["/tmp/a,b", "/tmp/a  b"]) {
    const { code, stderr } = await task("up", ["--secure", "--data-dir", dataDir], {});
    assert.deepEqual([code, stderr.split("\n").length], [EXIT.config, 2], stderr);
    assert.ok(stderr.includes(`kept in ${dataDir}, deno task cannot grant`), stderr);
  }
});

Deno.test("up() refuses a checkout in a folder that Java takes for something else, in one line", async () => {
  const home = Deno.makeTempDirSync();
  try {
    for (const [name, wrong] of [["a:b", ":"], ["wow!", "!/"], ["${user.home}", "${"]]) {
      const checkout = join(home, name);
      await copyCheckout(checkout);
      const args = ["task", "-q", "up", ...FREE_PORTS];
      const { code, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: checkout, env: PLAIN }).output();
      const said = new TextDecoder().decode(stderr);
      assert.deepEqual([code, said.split("\n").length], [EXIT.config, 2], said);
      assert.ok(said.includes(`move it to a path without "${wrong}"`), said);
    }
  } finally {
    Deno.removeSync(home, { recursive: true });
  }
});
