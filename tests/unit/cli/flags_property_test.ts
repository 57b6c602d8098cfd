import assert from "node:assert/strict";
import fc from "fast-check";
import { configure as consume } from "../../../consumer.ts";
import { TextShown } from "../../../lib/cli/parse.ts";
import { EXIT, Failure } from "../../../lib/errors.ts";
import { configure as produce } from "../../../producer.ts";
import { configure as replay } from "../../../tools/replay/replay_flags.ts";
import { run as bootstrap } from "../../../tools/bootstrap.ts";
import { run as inventory } from "../../../tools/inventory.ts";
import { run as user } from "../../../tools/user.ts";
import { configure as dashboard } from "../../../tools/dashboard.ts";
import { configure as verify } from "../../../tools/verify.ts";
import { configure as why } from "../../../tools/why.ts";
import { printedBy } from "../../support/printed.ts";

/** What each command does with its words before it touches anything; the tools find no storage to touch. */
const COMMANDS: Record<string, (args: string[]) => unknown> = {
  consume,
  produce,
  replay,
  verify,
  why,
  dashboard,
  user: (args) => user([...args, "--storage", "/nonexistent"], AbortSignal.any([])),
  inventory: (args) => inventory([...args, "--storage", "/nonexistent"], AbortSignal.any([])),
  bootstrap: (args) => bootstrap([...args, "--yes", "--storage", `${import.meta.filename}/storage`]),
};

const KNOWN = [
  ..."consume show add update --reset --reset-to --partitions --until-end --max-messages --batch-size --group --verbose"
    .split(" "),
  ..."--count --delay --rate --seed --mix --key --dry-run --json --same-id --run --originals --offline".split(" "),
  ..."--user --status --item --quantity --brokers --registry --topic --storage --force --yes --port --play --help --version --"
    .split(" "),
];
const VALUES = [
  ..."0 1 -1 1.5 1e21 1e3 0x10 NaN Infinity 2147483648 9007199254740993 １２ +1 1_000".split(" "),
  ..."paid unpaid Paid alice earliest latest 15m PT15M 2026-11-24T08:00 0,2 0, poison=1 poison=NaN item".split(" "),
  ...["", " ", "\0", "\x1b[2J", "\u202e", "\ud800", "=", "__proto__", "constructor", "localhost:1", "http://x", "é"],
];
const anyWord = fc.oneof(
  fc.constantFrom(...KNOWN),
  fc.constantFrom(...VALUES),
  fc.tuple(fc.constantFrom(...KNOWN), fc.constantFrom(...VALUES)).map(([flag, value]) => `${flag}=${value}`),
  fc.string({ unit: "binary", maxLength: 8 }),
);

for (const [name, command] of Object.entries(COMMANDS)) {
  Deno.test(`${name} takes any words or refuses them with one line of usage, setting or missing file`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyWord, { maxLength: 6 }), async (words) => {
        try {
          await printedBy(() => command(words));
        } catch (error) {
          if (error instanceof TextShown) return;
          assert.ok(error instanceof Failure, `${error}`);
          assert.ok(error.exit === EXIT.usage || error.exit === EXIT.config, `${error.exit}: ${error.message}`);
          assert.notEqual(error.message, "");
        }
      }),
      { numRuns: 300 },
    );
  });
}

Deno.test("consume and produce refuse what is not a whole number where they want one", () => {
  for (
    const value of ["NaN", "1.5", "2e3", "1e21", "0x10", "１２", "-1", "+1", "", " ", "1 ", "Infinity", "1_0", "\ud800"]
  ) {
    assert.throws(() => produce(["--count", value]), { exit: EXIT.usage }, `produce --count ${value}`);
    assert.throws(() => consume(["--max-messages", value]), { exit: EXIT.usage }, `consume --max-messages ${value}`);
    assert.throws(() => consume(["--reset", "--partitions", value]), { exit: EXIT.usage }, `--partitions ${value}`);
  }
});

Deno.test("bootstrap --force refuses a folder that lies in a file, or is one, in one line", async () => {
  for (const folder of [`${import.meta.filename}/storage`, import.meta.filename!]) {
    const refused = bootstrap(["--force", "--yes", "--storage", folder]);
    await assert.rejects(refused, (error) => error instanceof Failure && error.exit === EXIT.config, folder);
  }
});
