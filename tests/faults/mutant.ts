import { dirname, join } from "node:path";
import { CHECKOUT } from "../../tools/stack/folders.ts";
import { type FaultContext, type FaultOutcome, held } from "./fault.ts";

/** Runs a mutant may hold before it counts as survived. */
const CHANCES = 40;

export const NOTHING: FaultOutcome = { lost: 0, doubled: 0, unbalanced: 0, recoveryMs: 0, broken: [] };

export type Row = (context: FaultContext, root: string) => Promise<FaultOutcome>;

/** A store with one safeguard less, and the rows one of which has to notice. */
export interface Mutant {
  name: string;
  file: string;
  /** Source that stands in the file once, and what is put there instead. */
  from: string;
  to: string;
  rows: readonly Row[];
  /** Fewer runs, where the rows do the same each time. */
  chances?: number;
}

/** Runs rows against every mutant until each was noticed; one that nobody notices is what is broken. */
export async function runMutants(mutants: readonly Mutant[], context: FaultContext): Promise<FaultOutcome> {
  const broken: string[] = [];
  for (const mutant of mutants) {
    const survived = await survives(mutant, context);
    if (survived !== undefined) broken.push(survived);
  }
  return { ...NOTHING, broken };
}

async function survives(mutant: Mutant, context: FaultContext): Promise<string | undefined> {
  const { chances = CHANCES } = mutant;
  const root = Deno.makeTempDirSync({ prefix: "orders-mutant-" });
  try {
    for (const path of ["lib", "tools", "tests/support", "tests/faults", "deno.json", "deno.lock"]) copy(path, root);
    const path = join(root, mutant.file);
    const source = Deno.readTextFileSync(path);
    if (source.split(mutant.from).length !== 2) {
      return `the mutant "${mutant.name}" does not fit ${mutant.file} any more`;
    }
    Deno.writeTextFileSync(path, source.replace(mutant.from, () => mutant.to));
    for (let chance = 0; chance < chances; chance++) {
      const row = mutant.rows[chance % mutant.rows.length];
      const outcome = await row(context, root);
      if (!held(outcome)) return undefined;
    }
    return `the mutant "${mutant.name}" held ${chances} runs`;
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

function copy(path: string, to: string): void {
  const target = join(to, path);
  Deno.mkdirSync(dirname(target), { recursive: true });
  if (Deno.statSync(join(CHECKOUT, path)).isFile) return Deno.copyFileSync(join(CHECKOUT, path), target);
  Deno.mkdirSync(target);
  for (const { name } of Deno.readDirSync(join(CHECKOUT, path))) copy(join(path, name), to);
}
