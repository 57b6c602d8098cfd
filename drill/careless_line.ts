import { join } from "node:path";
import { EXIT, Failure } from "../lib/errors.ts";
import { CHECKOUT } from "../tools/stack/folders.ts";

/** The careless consumer, from the folder of deno.json. */
export const NAIVE_CONSUMER = "drill/naive_consumer.ts";

const MARK = /^\s*(?<code>.*?) \/\/ careless: (?<drills>[a-z, ]+) -- (?<fault>.*)$/;

export interface CarelessLine {
  /** `drill/naive_consumer.ts:25`. */
  place: string;
  code: string;
  /** What is wrong with it. */
  fault: string;
}

/** The line of the careless consumer that a drill breaks. Permission: read. */
export function carelessLine(drill: string): CarelessLine {
  const lines = Deno.readTextFileSync(join(CHECKOUT, NAIVE_CONSUMER)).split("\n");
  for (const [index, line] of lines.entries()) {
    const { code, drills, fault } = MARK.exec(line)?.groups ?? {};
    if (drills?.split(", ").includes(drill)) return { place: `${NAIVE_CONSUMER}:${index + 1}`, code, fault };
  }
  throw new Failure(EXIT.failed, `${NAIVE_CONSUMER} marks no line for the drill ${drill}`);
}
