import { dirname, join } from "node:path";
import { CHECKOUT } from "../../tools/stack/folders.ts";
import { type FaultContext, type FaultOutcome, held } from "./fault.ts";

/** Runs that a mutant may pass before it counts as survived. */
const CHANCES = 40;

export const NOTHING: FaultOutcome = { lost: 0, doubled: 0, unbalanced: 0, recoveryMs: 0, broken: [] };

export type Row = (context: FaultContext, root: string) => Promise<FaultOutcome>;

/** A store with one safeguard less, and rows of which one has to notice. */
export interface Mutant {
  name: string;
  file: string;
  /** Source that occurs in the file once, and its replacement. */
  from: string;
  to: string;
  rows: readonly Row[];
  /** Other than {@linkcode CHANCES}: fewer where the rows do the same every time, more where a fault is seldom met. */
  chances?: number;
}

/** Of the mutants those whose source is not there, or more than once. */
export function misfits(mutants: readonly Mutant[]): string[] {
  return mutants.filter(({ file, from }) => Deno.readTextFileSync(join(CHECKOUT, file)).split(from).length !== 2)
    .map(({ name }) => name);
}

/** Runs the rows against every mutant until each is noticed; a mutant that none notices is a failure. */
export async function runMutants(mutants: readonly Mutant[], context: FaultContext): Promise<FaultOutcome> {
  const broken: string[] = [];
  for (const row of new Set(mutants.flatMap(({ rows }) => rows))) broken.push(...await withoutMutant(row, context));
  for (const mutant of mutants) {
    const survived = await survives(mutant, context);
    if (survived !== undefined) broken.push(survived);
  }
  return { ...NOTHING, broken };
}

/** A row that complains about a copy without a mutant would complain about any. */
async function withoutMutant(row: Row, context: FaultContext): Promise<string[]> {
  using copy = new Copy();
  const outcome = await row(context, copy.root);
  return held(outcome) ? [] : [`${row.name} does not hold in a mere copy: ${JSON.stringify(outcome)}`];
}

async function survives(mutant: Mutant, context: FaultContext): Promise<string | undefined> {
  const { chances = CHANCES } = mutant;
  using copy = new Copy();
  const path = join(copy.root, mutant.file);
  const source = Deno.readTextFileSync(path);
  if (source.split(mutant.from).length !== 2) return `the mutant "${mutant.name}" does not fit ${mutant.file} any more`;
  Deno.writeTextFileSync(path, source.replace(mutant.from, () => mutant.to));
  for (let chance = 0; chance < chances; chance++) {
    const row = mutant.rows[chance % mutant.rows.length];
    const outcome = await row(context, copy.root);
    if (!held(outcome)) return undefined;
  }
  return `the mutant "${mutant.name}" held ${chances} runs`;
}

/** A copy of what the rows run; removed when disposed. */
class Copy implements Disposable {
  readonly root = Deno.makeTempDirSync({ prefix: "orders-mutant-" });

  constructor() {
    for (const path of ["lib", "tools", "tests/support", "tests/faults", "deno.json", "deno.lock"]) this.#take(path);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.root, { recursive: true });
  }

  #take(path: string): void {
    const [from, to] = [join(CHECKOUT, path), join(this.root, path)];
    Deno.mkdirSync(dirname(to), { recursive: true });
    if (Deno.statSync(from).isFile) return Deno.copyFileSync(from, to);
    Deno.mkdirSync(to);
    for (const { name } of Deno.readDirSync(from)) this.#take(join(path, name));
  }
}
