import type { Fault } from "./fault.ts";
import { brokerFrozen, brokerKilled, leaderKilled } from "./kafka_brokers.ts";
import { compactionEmptied } from "./kafka_compaction.ts";
import { linkCut } from "./kafka_link.ts";
import { producerKilled } from "./kafka_producer.ts";
import { topicRecreated } from "./kafka_recreated.ts";
import { registryFails } from "./kafka_registry.ts";
import { replayWhileConsuming } from "./kafka_replay.ts";
import { resetRacingJoin } from "./kafka_reset.ts";
import { offsetsOutOfRange } from "./kafka_retention.ts";
import { stopInBatch, zombie } from "./kafka_signals.ts";
import { memberFrozen } from "./postgres_frozen.ts";
import { POSTGRES_MEMBERS } from "./postgres_members.ts";
import { POSTGRES_MUTANT_FAULTS } from "./postgres_mutants.ts";
import { everyStatement } from "./postgres_statements.ts";
import { membersKilled } from "./postgres_many.ts";
import { POSTGRES_GROUPS } from "./postgres_groups.ts";
import { sharedResetRacingJoin } from "./postgres_reset.ts";
import { databaseAway } from "./postgres_outage.ts";
import { DAMAGE_FAULTS } from "./store_damage.ts";
import { IO_FAULTS } from "./store_io.ts";
import { KILL_FAULTS } from "./store_kill.ts";
import { MUTANT_FAULTS } from "./store_mutants.ts";
import { POWER_FAULTS } from "./store_power.ts";
import { STALE_SAVE_FAULTS } from "./store_stale_save.ts";
import { TOOL_FAULTS } from "./store_tools.ts";

/** Every fault of the campaign, by its row in the table of docs/faults.md. */
export const FAULTS: readonly Fault[] = [
  // In the file store, its disk and those who edit it.
  ...KILL_FAULTS,
  ...POWER_FAULTS,
  ...DAMAGE_FAULTS,
  ...IO_FAULTS,
  ...STALE_SAVE_FAULTS,
  ...TOOL_FAULTS,
  ...MUTANT_FAULTS,
  // In Kafka, the registry and the paths to them.
  zombie,
  brokerKilled,
  brokerFrozen,
  linkCut,
  registryFails,
  topicRecreated,
  offsetsOutOfRange,
  replayWhileConsuming,
  resetRacingJoin,
  producerKilled,
  stopInBatch,
  leaderKilled,
  compactionEmptied,
  // In the PostgreSQL store and among those who share it.
  everyStatement,
  memberFrozen,
  ...POSTGRES_MEMBERS,
  ...POSTGRES_MUTANT_FAULTS,
  // In a group whose members share a store in PostgreSQL.
  ...POSTGRES_GROUPS,
  databaseAway,
  sharedResetRacingJoin,
  membersKilled,
].sort((a, b) => a.row - b.row);
