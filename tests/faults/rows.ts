import type { Fault } from "./fault.ts";

/** Every fault of the campaign, by its row in the table of docs/faults.md. */
export const FAULTS: readonly Fault[] = [];
