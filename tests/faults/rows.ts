import type { Fault } from "./fault.ts";
import { KAFKA_FAULTS } from "./kafka_rows.ts";
import { POSTGRES_MUTANT_FAULTS } from "./postgres_mutants.ts";
import { POSTGRES_FAULTS } from "./postgres_rows.ts";
import { STORE_FAULTS } from "./store_rows.ts";

/** Every fault of the campaign, by its row in the table of docs/faults.md. */
export const FAULTS: readonly Fault[] = [
  ...STORE_FAULTS,
  ...KAFKA_FAULTS,
  ...POSTGRES_FAULTS,
  ...POSTGRES_MUTANT_FAULTS,
];
