import type { Fault } from "./fault.ts";
import { memberFrozen } from "./postgres_frozen.ts";
import { POSTGRES_MEMBERS } from "./postgres_members.ts";
import { everyStatement } from "./postgres_statements.ts";

/** The faults of the table that meet the PostgreSQL store. */
export const POSTGRES_FAULTS: readonly Fault[] = [everyStatement, memberFrozen, ...POSTGRES_MEMBERS];
