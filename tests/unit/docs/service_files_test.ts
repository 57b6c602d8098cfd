import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT } from "../../../lib/errors.ts";
import { CHECKOUT } from "../../../tools/stack/folders.ts";

const dockerfile = Deno.readTextFileSync(join(CHECKOUT, "docker/Dockerfile"));
const unit = Deno.readTextFileSync(join(CHECKOUT, "docs/guides/order-consumer.service"));
const COMMAND = ["deno", "task", "consume"];

function instructions(name: string): string[] {
  return [...dockerfile.matchAll(new RegExp(`^${name} (.*)$`, "gm"))].map(([, rest]) => rest);
}

Deno.test("the image has the Deno that README and CI name, and runs the consumer's task without rights", () => {
  const [base] = instructions("FROM");
  const version = /^denoland\/deno:debian-(\d+\.\d+\.\d+)$/.exec(base)?.[1];
  for (const file of ["README.md", ".ci/run"]) {
    const named = Deno.readTextFileSync(join(CHECKOUT, file)).matchAll(/\bdeno@([\d.]+\d)/g);
    assert.deepEqual(new Set([...named].map(([, pinned]) => pinned)), new Set([version]), file);
  }
  assert.deepEqual(instructions("USER"), ["deno"]);
  assert.deepEqual(JSON.parse(instructions("ENTRYPOINT")[0]), COMMAND); // as a list there is no shell to keep SIGTERM
});

Deno.test("what the image copies is all that the consumer needs", () => {
  const image = Deno.makeTempDirSync({ prefix: "orders-image-" });
  try {
    for (const sources of instructions("COPY").map((rest) => rest.split(" ").slice(0, -1))) {
      const { success } = new Deno.Command("cp", { args: ["-r", ...sources, image], cwd: CHECKOUT }).outputSync();
      assert.ok(success, sources.join(" "));
    }
    const [program, ...args] = [Deno.execPath(), ...COMMAND.slice(1), "--help"];
    const { code, stderr } = new Deno.Command(program, { args, cwd: image }).outputSync();
    assert.equal(code, EXIT.ok, new TextDecoder().decode(stderr));
  } finally {
    Deno.removeSync(image, { recursive: true });
  }
});

Deno.test("the systemd unit runs the consumer's task, and does not restart what only a person can mend", () => {
  const setting = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(unit)?.[1];
  assert.ok(setting("ExecStart")?.startsWith(`/usr/local/bin/${COMMAND.join(" ")} `));
  assert.equal(setting("RestartPreventExitStatus"), [EXIT.usage, EXIT.data, EXIT.config].join(" "));
});
