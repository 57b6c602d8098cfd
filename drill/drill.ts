import { object } from "@optique/core/constructs";
import { multiple, optional } from "@optique/core/modifiers";
import { argument, option } from "@optique/core/primitives";
import { choice, integer, string } from "@optique/core/valueparser";
import { main } from "../lib/cli/main.ts";
import { line, parseArgs } from "../lib/cli/parse.ts";
import { print } from "../lib/cli/print.ts";
import { table } from "../lib/cli/table.ts";
import { EXIT, Failure } from "../lib/errors.ts";
import { DRILLS } from "./drills.ts";
import { OwnStack, type Place } from "./own_stack.ts";
import { type Report, runDrill } from "./run_drill.ts";
import { type Drill, secondsText } from "./scenario.ts";

const ALL = "all";
const NAMES = [...DRILLS.map(({ name }) => name), ALL];

/** A drill is for nobody's real Kafka. */
const OF_THIS_MACHINE = /^127\.0\.0\.1:\d{1,5}$/;

const parser = object({
  names: multiple(argument(choice(NAMES, { metavar: "NAME" }), {
    description: line("Which failure to go through, or all; without a name they are listed"),
  })),
  naive: option("--naive", {
    description: line("With the consumer of a first tutorial, to see what it loses or doubles"),
  }),
  answer: optional(option("--answer", integer({ min: 1, max: 4, metavar: "N" }), {
    description: line("The prediction, so that nobody is asked; for one drill"),
  })),
  brokers: optional(option("--brokers", string({ metavar: "127.0.0.1:PORT" }), {
    description: line("A Kafka of this machine in place of one to throw away, for drills that do not harm it"),
  })),
  registry: optional(option("--registry", string({ metavar: "URL" }), {
    description: line("Its Schema Registry"),
  })),
});

interface DrillConfig {
  /** None: they are listed. */
  drills: readonly Drill[];
  isNaive: boolean;
  answer?: number;
  /** A Kafka that stays. */
  place?: Place;
}

/**
 * Goes through failures on a stack of its own, which is thrown away; returns 1 unless all are green.
 *
 * Permissions: those of `up`.
 */
export async function run({ drills, isNaive, answer, place }: DrillConfig, stop: AbortSignal): Promise<number> {
  if (drills.length === 0) {
    list();
    return EXIT.ok;
  }
  const reports: Report[] = [];
  try {
    await using stacks = new Stacks(place, stop);
    for (const drill of drills) {
      reports.push(await runDrill(drill, () => stacks.placeFor(drill), { isNaive, answer, stop }));
    }
  } catch (error) {
    if (stop.aborted) throw new Failure(EXIT.failed, "Stopped; what was started is gone again", { cause: error });
    throw error;
  }
  if (reports.length > 1) showGrades(reports);
  return reports.every(({ grade }) => grade === "green" || grade === "does not apply") ? EXIT.ok : EXIT.failed;
}

/** One stack for all drills that it serves; a bigger one for those that need it. */
class Stacks implements AsyncDisposable {
  readonly #given: Place | undefined;
  readonly #stop: AbortSignal;
  readonly #started = new Map<number, OwnStack>();

  constructor(given: Place | undefined, stop: AbortSignal) {
    this.#given = given;
    this.#stop = stop;
  }

  async placeFor({ needs }: Drill): Promise<Place> {
    if (this.#given !== undefined) return this.#given;
    const nodes = needs.includes("three brokers") ? 3 : 1;
    const running = this.#started.get(nodes);
    if (running !== undefined) return running.place;
    await this[Symbol.asyncDispose](); // two at once are too much for a small machine
    const stack = await OwnStack.start({ nodes }, this.#stop);
    this.#started.set(nodes, stack);
    return stack.place;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stack of this.#started.values()) await stack[Symbol.asyncDispose]();
    this.#started.clear();
  }
}

function list(): void {
  const rows = DRILLS.map(({ name, question, needs, seconds }) => [name, question, needsText(needs), `${seconds} s`]);
  print(table(["name", "question", "needs also", "takes about"], rows));
  print(
    `\ndeno task drill NAME goes through one, ${ALL} through all; --naive shows what a careless consumer does there`,
  );
}

function needsText(needs: Drill["needs"]): string {
  return needs.filter((need) => need !== "own stack").join(", ");
}

function showGrades(reports: readonly Report[]): void {
  const rows = reports.map((
    { name, prediction, because, grade, ms },
  ) => [name, prediction, grade, secondsText(ms), because]);
  print(`\n${table(["drill", "prediction", "grade", "took", "because"], rows)}`);
}

export function configure(args: readonly string[]): DrillConfig {
  const { names, naive, answer, brokers, registry } = parseArgs(parser, args, {
    name: "drill",
    brief: "Goes through failures for real on a stack to throw away: predict, see it happen, get it graded by verify.",
    examples: [
      "deno task drill",
      "deno task drill kill",
      "deno task drill kill --naive",
      "deno task drill twice --answer 1",
      "deno task drill all",
    ],
  });
  const drills = names.includes(ALL) ? DRILLS : DRILLS.filter(({ name }) => names.includes(name));
  if (answer !== undefined) requireAnswer(answer, drills);
  return { drills, isNaive: naive, answer, place: placeSetting({ brokers, registry }, drills) };
}

function requireAnswer(answer: number, drills: readonly Drill[]): void {
  if (drills.length !== 1) throw new Failure(EXIT.usage, "--answer goes with the name of one drill");
  const [{ name, answers }] = drills;
  if (answer <= answers.length) return;
  throw new Failure(EXIT.usage, `--answer must be 1 to ${answers.length} for the drill ${name}, got ${answer}`);
}

function placeSetting(
  { brokers, registry }: { brokers: string | undefined; registry: string | undefined },
  drills: readonly Drill[],
): Place | undefined {
  if (brokers === undefined && registry === undefined) return undefined;
  if (brokers === undefined || registry === undefined) {
    throw new Failure(EXIT.usage, "--brokers and --registry go together");
  }
  if (!OF_THIS_MACHINE.test(brokers)) {
    throw new Failure(EXIT.usage, `--brokers must be a broker of this machine, 127.0.0.1:PORT, got "${brokers}"`);
  }
  const harmful = drills.find(({ needs }) => needs.includes("own stack"));
  if (harmful !== undefined) {
    throw new Failure(
      EXIT.usage,
      `The drill ${harmful.name} needs a stack of its own: leave out --brokers and --registry`,
    );
  }
  return { kafka: { brokers: [brokers] }, registry: { url: registry } };
}

if (import.meta.main) await main((args, stop) => run(configure(args), stop));
