/** What one run of a fault came to. Zero everywhere is what has to be. */
export interface FaultOutcome {
  /** Orders sent that have no verdict, or accepted ones that are gone. */
  lost: number;
  /** Orders accepted more than once. */
  doubled: number;
  /** Items whose opening + edits - accepted is not their stock. */
  unbalanced: number;
  /** From the fault until the pipeline worked again, in milliseconds; 0 where nothing had to recover. */
  recoveryMs: number;
  /** Anything else that did not hold, one sentence each. */
  broken: string[];
}

/** What a run may use. Everything random in it comes from `random`, so that its seed reproduces it. */
export interface FaultContext {
  seed: number;
  /** In [0, 1). */
  random(): number;
  /** Whether CI looks on: what takes minutes takes seconds then. */
  isSample?: boolean;
  /** Brokers and registry of the campaign's own stack, as the environment of commands has them. */
  env: { KAFKA_BOOTSTRAP_SERVERS: string; SCHEMA_REGISTRY_URL: string };
}

/** One row of the fault table (docs/faults.md). */
export interface Fault {
  row: number;
  name: string;
  /** Runs of the whole campaign, and of the sample that CI takes. */
  runs: { full: number; sample: number };
  /** Why this machine cannot run it, with the remedy; undefined where it can. */
  skip?(): string | undefined;
  run(context: FaultContext): Promise<FaultOutcome>;
}

/** A generator of numbers in [0, 1) that a 32-bit seed determines (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Whether a run held: nothing lost, doubled, unbalanced or broken otherwise. */
export function held({ lost, doubled, unbalanced, broken }: FaultOutcome): boolean {
  return lost + doubled + unbalanced + broken.length === 0;
}
