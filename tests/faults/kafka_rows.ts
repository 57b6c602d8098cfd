import type { Fault } from "./fault.ts";
import { brokerFrozen, brokerKilled, leaderKilled } from "./kafka_brokers.ts";
import { compactionEmptied } from "./kafka_compaction.ts";
import { linkCut } from "./kafka_link.ts";
import { producerKilled } from "./kafka_producer.ts";
import { replayWhileConsuming } from "./kafka_replay.ts";
import { topicRecreated } from "./kafka_recreated.ts";
import { registryFails } from "./kafka_registry.ts";
import { resetRacingJoin } from "./kafka_reset.ts";
import { offsetsOutOfRange } from "./kafka_retention.ts";
import { stopInBatch, zombie } from "./kafka_signals.ts";

/** The faults of the table that lie in Kafka, the registry and the ways there. */
export const KAFKA_FAULTS: readonly Fault[] = [
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
];
