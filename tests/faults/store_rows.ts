import type { Fault } from "./fault.ts";
import { DAMAGE_FAULTS } from "./store_damage.ts";
import { IO_FAULTS } from "./store_io.ts";
import { KILL_FAULTS } from "./store_kill.ts";
import { MUTANT_FAULTS } from "./store_mutants.ts";
import { POWER_FAULTS } from "./store_power.ts";
import { STALE_SAVE_FAULTS } from "./store_stale_save.ts";
import { TOOL_FAULTS } from "./store_tools.ts";

/** The faults of the table that lie in the file store, its disk and those who edit it. */
export const STORE_FAULTS: readonly Fault[] = [
  ...KILL_FAULTS,
  ...POWER_FAULTS,
  ...DAMAGE_FAULTS,
  ...IO_FAULTS,
  ...STALE_SAVE_FAULTS,
  ...TOOL_FAULTS,
  ...MUTANT_FAULTS,
].sort((a, b) => a.row - b.row);
