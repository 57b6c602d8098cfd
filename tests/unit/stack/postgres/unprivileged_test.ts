import assert from "node:assert/strict";
import { delimiter, join } from "node:path";
import { EXIT } from "../../../../lib/errors.ts";
import { unprivileged } from "../../../../tools/stack/postgres/unprivileged.ts";

const NOBODY = "65534";
const IS_ROOT = Deno.build.os === "linux" && ask(["id", "-u"]).stdout === "0\n";

/** Runs `command` on a machine where each of `forbidden` fails. */
function ask([program, ...args]: string[], forbidden: readonly string[] = []) {
  const bin = Deno.makeTempDirSync({ prefix: "forbidden-" });
  try {
    for (const name of forbidden) Deno.writeTextFileSync(join(bin, name), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    const env = { PATH: bin + delimiter + Deno.env.get("PATH") };
    const { code, stdout, stderr } = new Deno.Command(program, { args, env, stdin: "null" }).outputSync();
    return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
  } finally {
    Deno.removeSync(bin, { recursive: true });
  }
}

Deno.test({
  name: `unprivileged() is not root, with user namespaces and without${IS_ROOT ? "" : " (namespace of root only)"}`,
  ignore: !IS_ROOT,
  fn() {
    for (const forbidden of [[], ["unshare"]]) {
      const { stdout, stderr } = ask(unprivileged(["id", "-u"]), forbidden);
      assert.deepEqual([stdout, stderr], [`${NOBODY}\n`, ""], forbidden.join());
    }
  },
});

Deno.test({
  name: `unprivileged() reaches what lies in folders of root's${IS_ROOT ? "" : " (namespace of root only)"}`,
  ignore: !IS_ROOT,
  fn() {
    const folder = Deno.makeTempDirSync(); // mode 0700
    try {
      Deno.writeTextFileSync(join(folder, "file"), "reached", { mode: 0o600 });
      for (const forbidden of [[], ["unshare"]]) {
        assert.equal(ask(unprivileged(["cat", join(folder, "file")]), forbidden).stdout, "reached", forbidden.join());
      }
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: `unprivileged() says what to do where root can be nobody else${IS_ROOT ? "" : " (namespace of root only)"}`,
  ignore: !IS_ROOT,
  fn() {
    const { code, stderr } = ask(unprivileged(["id", "-u"]), ["unshare", "setpriv"]);
    assert.equal(code, EXIT.config);
    assert.match(stderr, /^PostgreSQL does not run as root, .*as another user\n$/);
  },
});

Deno.test({
  name: `unprivileged() leaves another user as it is${IS_ROOT ? "" : " (namespace of root only)"}`,
  ignore: !IS_ROOT,
  fn() {
    const asOther = ["setpriv", "--reuid=1234", "--regid=1234", "--clear-groups", ...unprivileged(["id", "-u"])];
    assert.equal(ask(asOther).stdout, "1234\n");
  },
});
