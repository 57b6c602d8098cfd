import assert from "node:assert/strict";
import { answerIn } from "../../../drill/ask.ts";
import { carelessLine } from "../../../drill/careless_line.ts";
import { configure } from "../../../drill/drill.ts";
import { DRILLS } from "../../../drill/drills.ts";
import { EXIT, Failure } from "../../../lib/errors.ts";

function refusal(...args: string[]): string {
  try {
    configure(args);
  } catch (error) {
    assert.ok(error instanceof Failure && error.exit === EXIT.usage, String(error));
    return error.message;
  }
  assert.fail(`${args.join(" ")} is taken`);
}

Deno.test("configure() refuses what no drill can be run with", () => {
  assert.match(refusal("kil"), /Did you mean `kill`\?/);
  assert.match(refusal("all", "--answer", "1"), /^--answer goes with the name of one drill$/);
  assert.match(refusal("kill", "--answer", "4"), /^--answer must be 1 to 3 for the drill kill, got 4$/);
  assert.match(refusal("kill", "--brokers", "127.0.0.1:9092"), /^--brokers and --registry go together$/);
  const registry = ["--registry", "http://localhost:8081"];
  assert.match(refusal("kill", "--brokers", "kafka.example:9092", ...registry), /^--brokers must be a broker of this/);
  const somebodyElses = ["--brokers", "127.0.0.1:9092", ...registry];
  assert.match(refusal("kill", "leader", ...somebodyElses), /^The drill leader needs a stack of its own/);
  assert.match(refusal("all", ...somebodyElses), /needs a stack of its own/);
});

Deno.test("configure() takes the drills in the order in which they build on one another", () => {
  assert.deepEqual(configure([]).drills, []);
  assert.deepEqual(configure(["poison", "kill"]).drills.map(({ name }) => name), ["kill", "poison"]);
  assert.deepEqual(configure(["all"]).drills, DRILLS);
});

Deno.test("each drill has a right answer, also for the careless consumer where that can play", () => {
  for (const { name, plan, answers, right, naive, needs } of DRILLS) {
    assert.ok(answers.length >= 2 && answers.length <= 4, name);
    assert.ok(plan.length <= 3 && right >= 1 && right <= answers.length, name);
    assert.ok("not" in naive || (naive.right <= answers.length && naive.right !== right), name);
    assert.ok(!needs.some((need) => need !== "own stack") || needs.includes("own stack"), name);
  }
});

Deno.test("carelessLine() finds the line that each drill breaks", () => {
  for (const { name } of DRILLS.filter(({ naive }) => "right" in naive)) {
    const { place, code, fault } = carelessLine(name);
    assert.match(place, /^drill\/naive_consumer\.ts:\d+$/);
    assert.ok(code.length > 0 && fault.length > 0, name);
  }
  assert.match(carelessLine("twice").code, /^const left = /);
});

Deno.test("answerIn() takes the first key that is an answer, or Enter", { permissions: "none" }, () => {
  assert.equal(answerIn("x92", 3), 2);
  assert.equal(answerIn("\n", 3), undefined);
  assert.equal(answerIn("\x1b[1~", 3), "none of them");
});
