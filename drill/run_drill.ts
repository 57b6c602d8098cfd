import process from "node:process";
import { styleText } from "node:util";
import { escapeControls } from "../lib/cli/escape.ts";
import { print } from "../lib/cli/print.ts";
import { Failure, messageOf } from "../lib/errors.ts";
import { askForKey, canAsk } from "./ask.ts";
import { carelessLine } from "./careless_line.ts";
import type { Place } from "./own_stack.ts";
import { reckon } from "./reckoning.ts";
import { type Drill, type Findings, secondsText } from "./scenario.ts";
import { STOCK, World } from "./world.ts";

export type Grade = "green" | "red" | "skipped" | "does not apply";

/** How one drill ended, as a row of the table of grades. */
export interface Report {
  name: string;
  prediction: "right" | "wrong" | "none";
  /** What the grade rests on, in one line. */
  because: string;
  grade: Grade;
  ms: number;
}

export interface RunOptions {
  isNaive: boolean;
  /** The prediction, from 1, given by flag. */
  answer?: number;
  stop: AbortSignal;
}

/**
 * Runs a drill as a lesson: plan, prediction, the failure itself, what happened, grade. `place` is asked for only once
 * the drill is known to apply. Permissions: those of `up`.
 */
export async function runDrill(drill: Drill, place: () => Promise<Place>, options: RunOptions): Promise<Report> {
  const { name, needs, naive } = drill;
  const { isNaive, stop } = options;
  heading(isNaive ? `${name}, with a careless consumer` : name);
  if (isNaive && "not" in naive) return closed(name, "does not apply", naive.not);
  const at = await place();
  const lacks = needs.includes("PostgreSQL") ? await withoutPostgres(at, stop) : undefined;
  if (lacks !== undefined) return closed(name, "skipped", lacks);
  drill.plan.forEach(say);
  print(styleText("bold", drill.question, { stream: process.stdout }));
  drill.answers.forEach((answer, index) => say(`${index + 1}  ${answer}`));
  const prediction = await predict(drill, options);
  const startedAt = performance.now();
  const { grade, because } = await attempt(drill, at, options);
  const ms = performance.now() - startedAt;
  conclude(drill, { isNaive, prediction, isAsExpected: grade === (isNaive ? "red" : "green") });
  print(because);
  if (isNaive && grade === "red") showCarelessLine(name);
  print(`grade: ${coloured(grade)} (${secondsText(ms)})`);
  return { name, prediction: outcomeOf(prediction, rightAnswer(drill, isNaive)), because, grade, ms };
}

/** Why there is no PostgreSQL here, with the remedy; undefined where there is one. */
async function withoutPostgres({ own }: Place, stop: AbortSignal): Promise<string | undefined> {
  try {
    await own!.postgresPort();
  } catch (error) {
    stop.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    return `needs PostgreSQL: ${error.message}`;
  }
}

/** A drill that is not run, and why. */
function closed(name: string, grade: Grade, because: string): Report {
  say(`${grade}: ${escapeControls(because)}`);
  return { name, prediction: "none", because, grade, ms: 0 };
}

async function predict({ answers }: Drill, { answer, stop }: RunOptions): Promise<number | undefined> {
  if (answer === undefined && !canAsk()) {
    print("No prediction: there is no terminal to ask on, and no --answer");
    return undefined;
  }
  const prediction = answer ?? await askForKey(answers.length, stop);
  const how = answer === undefined ? "" : " (--answer)";
  print(prediction === undefined ? "No prediction" : `Your prediction: ${prediction}${how}`);
  return prediction;
}

/** Lets it happen, and grades what came of it; red as well where a step fails or takes too long. */
async function attempt(
  drill: Drill,
  place: Place,
  { isNaive, stop }: RunOptions,
): Promise<Pick<Report, "grade" | "because">> {
  const postgres = drill.needs.includes("PostgreSQL");
  await using world = await World.create({ name: drill.name, place, postgres, isNaive, stop });
  try {
    const findings = await drill.run(world);
    for (const line of findings.happened) say(styleText("cyan", escapeControls(line), { stream: process.stdout }));
    return await gradeOf(world, findings);
  } catch (error) {
    stop.throwIfAborted();
    return { grade: "red", because: escapeControls(messageOf(error)) };
  }
}

/**
 * Ours by the real `verify`, by the drill's own count and by its claims. The careless consumer by the count alone: it
 * keeps none of the journals that `verify` reads.
 */
async function gradeOf(world: World, { claims = {} }: Findings): Promise<Pick<Report, "grade" | "because">> {
  const { due, faults } = reckon({ start: STOCK, sent: world.sent, books: await world.store.books() });
  const count = faults.length === 0 ? `${due} accepted, each once` : faults.join(", ");
  if (world.isNaive) {
    return {
      grade: faults.length === 0 ? "green" : "red",
      because: `counted, as it keeps no books to verify: ${count}`,
    };
  }
  const { isWell, line } = await world.verify();
  const broken = Object.entries(claims).filter(([, holds]) => !holds).map(([claim]) => `not so: ${claim}`);
  const because = [line, `counted: ${count}`, ...broken].join("; ");
  return { grade: isWell && faults.length + broken.length === 0 ? "green" : "red", because };
}

interface Conclusion {
  isNaive: boolean;
  prediction: number | undefined;
  /** Whether it came out as the right answer says. */
  isAsExpected: boolean;
}

function conclude(drill: Drill, { isNaive, prediction, isAsExpected }: Conclusion): void {
  const right = rightAnswer(drill, isNaive);
  const verdict = { right: "You were right", wrong: `You said ${prediction}, but`, none: "So" };
  const begin = isAsExpected ? verdict[outcomeOf(prediction, right)] : "It should have been";
  print(`${begin}: ${right}  ${drill.answers[right - 1]}`);
  if (!isNaive) say(drill.why);
}

function rightAnswer({ right, naive }: Drill, isNaive: boolean): number {
  return isNaive && "right" in naive ? naive.right : right;
}

function outcomeOf(prediction: number | undefined, right: number): Report["prediction"] {
  return prediction === undefined ? "none" : prediction === right ? "right" : "wrong";
}

function showCarelessLine(name: string): void {
  const { place, code, fault } = carelessLine(name);
  print(`careless: ${place}: ${code}`);
  say(fault);
}

function heading(text: string): void {
  print(`\n${styleText(["bold", "underline"], text, { stream: process.stdout })}`);
}

function say(line: string): void {
  print(`  ${line}`);
}

function coloured(grade: Grade): string {
  return grade === "green" || grade === "red" ? styleText(grade, grade, { stream: process.stdout }) : grade;
}
