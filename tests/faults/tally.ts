import { type FaultOutcome, held } from "./fault.ts";

/** Where an interrupted campaign is kept. */
const FILE = ".stack/faults.json";

/** The runs of one fault so far. */
export class Tally {
  runs = 0;
  lost = 0;
  doubled = 0;
  unbalanced = 0;
  longestRecoveryMs = 0;
  /** Seeds of the runs that did not hold. */
  failures: number[] = [];
  skipped?: string;

  add(seed: number, outcome: FaultOutcome): void {
    this.runs++;
    this.lost += outcome.lost;
    this.doubled += outcome.doubled;
    this.unbalanced += outcome.unbalanced;
    this.longestRecoveryMs = Math.max(this.longestRecoveryMs, outcome.recoveryMs);
    if (!held(outcome)) this.failures.push(seed);
  }
}

/** The tallies of a campaign, kept over an interruption; without a `path` they are not kept. */
export class Tallies {
  readonly #byName = new Map<string, Tally>();
  readonly #path: string | undefined;

  constructor(path?: string) {
    this.#path = path;
  }

  /** Those of an interrupted campaign, or none. Permission: read of `.stack`. */
  static load(path = FILE): Tallies {
    const tallies = new Tallies(path);
    try {
      const saved: [string, Tally][] = JSON.parse(Deno.readTextFileSync(path));
      for (const [name, tally] of saved) Object.assign(tallies.of(name), tally);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return tallies;
  }

  of(name: string): Tally {
    let tally = this.#byName.get(name);
    if (tally === undefined) this.#byName.set(name, tally = new Tally());
    return tally;
  }

  /** Permission: write of `.stack`. */
  save(): void {
    if (this.#path !== undefined) Deno.writeTextFileSync(this.#path, JSON.stringify([...this.#byName]));
  }

  /** Forgets these faults; the others of an interrupted campaign stay. */
  forget(names: readonly string[]): void {
    const known = names.filter((name) => this.#byName.delete(name));
    if (known.length > 0) this.save();
  }
}
