import assert from "node:assert/strict";
import { object } from "@optique/core/constructs";
import { optional } from "@optique/core/modifiers";
import { argument, option } from "@optique/core/primitives";
import { integer, string } from "@optique/core/valueparser";
import { HelpShown, line, parseArgs } from "../../../lib/cli/parse.ts";
import { paceFlags, paceSetting } from "../../../lib/cli/pace_flags.ts";
import { kafkaFlags } from "../../../lib/cli/settings.ts";
import { EXIT, Failure } from "../../../lib/errors.ts";

const parser = object({
  count: optional(option("--count", integer({ min: 0, max: 9 }), { description: line("How many") })),
  name: optional(option("--name", string({ metavar: "NAME" }))),
  loud: option("--loud"),
  ...paceFlags(1),
});
const parse = (...args: string[]) =>
  parseArgs(parser, args, { name: "try", brief: "Tries.", examples: ["deno task try --count 3"] });

function refusal(...args: string[]): string {
  try {
    parse(...args);
  } catch (error) {
    assert.ok(error instanceof Failure && error.exit === EXIT.usage, String(error));
    assert.doesNotMatch(error.message, /\n|^Error/);
    assert.match(error.message, /[^.] \(see deno task try --help\)$/);
    return error.message;
  }
  return assert.fail(`${args} was taken`);
}

Deno.test("parseArgs() returns the values of the flags", () => {
  const none = { count: undefined, name: undefined, loud: false, delay: undefined, rate: undefined };
  assert.deepEqual({ ...parse() }, none);
  assert.deepEqual({ ...parse("--count", "3", "--loud", "--name=--x") }, {
    ...none,
    count: 3,
    loud: true,
    name: "--x",
  });
});

Deno.test("parseArgs() says from where on a rate is one", () => {
  assert.match(refusal("--rate", "0"), /^`--rate`: Expected at least 0\.0001, but got "0" /);
});

Deno.test("parseArgs() drops a literal leading -- and no other", () => {
  assert.equal(parse("--", "--count", "3").count, 3);
  refusal("--count", "3", "--", "x");
  refusal("--", "--", "--count", "3");
});

Deno.test("parseArgs() refuses unknown flags with the nearest known one", () => {
  assert.match(refusal("--cuont", "3"), /"--cuont"\. Did you mean `--count`\?/);
  refusal("--Count", "3");
  refusal("x");
});

Deno.test("parseArgs() refuses values that are none of the flag's", () => {
  for (const value of ["NaN", "1.5", "10", "-1", "1e0", "0x1", "１", "", " 1", "Infinity"]) refusal("--count", value);
  for (const value of ["NaN", "Infinity", "-1", "1e999", "abc", "", "0x10", "１"]) {
    refusal("--delay", value);
    refusal("--rate", value);
  }
  refusal("--rate", "0");
  refusal("--count");
  refusal("--count", "1", "--count", "2");
});

Deno.test("parseArgs() ends the command with the help for --help, its usage in one line and its flags in groups", () => {
  const grouped = object({ orderId: argument(string({ metavar: "ID" })), to: option("--to", string()), ...kafkaFlags });
  const about = { name: "try", brief: "Tries.", examples: ["deno task try --count 3"] };
  assert.throws(() => parseArgs(grouped, ["--help"], about), (error) => {
    assert.ok(error instanceof HelpShown);
    assert.match(error.message, /^Tries\.\nUsage: deno task try --to STRING \[options\] ID\n\n +--to STRING/);
    assert.match(
      error.message,
      /\n +--help .*\n\nKafka:\n +--brokers .*\n\nSecurity:\n +--allow-plaintext-credentials /s,
    );
    assert.match(error.message, /\nExamples:\n +deno task try --count 3\n?$/);
    return true;
  });
});

Deno.test("paceSetting() takes delay or rate, not both, and the usual delay else", () => {
  assert.deepEqual(paceSetting({}, 1), { delay: 1 });
  assert.deepEqual(paceSetting({ delay: 0 }, 1), { delay: 0 });
  assert.deepEqual(paceSetting({ rate: 2.5 }, 1), { rate: 2.5 });
  assert.deepEqual(paceSetting({ burst: "100/2.5", jitter: 0.3 }, 1), {
    burst: { size: 100, every: 2.5 },
    jitter: 0.3,
  });
  assert.deepEqual(paceSetting({ jitter: 0.3 }, 1), { delay: 1, jitter: 0.3 });
  assert.throws(() => paceSetting({ delay: 1, rate: 1 }, 1), { exit: EXIT.usage });
  assert.throws(() => paceSetting({ burst: "1/1", rate: 1 }, 1), { exit: EXIT.usage, message: /^--rate and --burst/ });
  assert.throws(() => paceSetting({ jitter: 0.3 }, 0), { exit: EXIT.usage });
  for (const burst of ["5", "0/1", "1/0", "a/b", "1/99999", "1e3/1", "-1/1", "1/1/1", ""]) {
    assert.throws(() => paceSetting({ burst }, 1), { exit: EXIT.usage, message: /such as 100\/5/ }, burst);
  }
});
