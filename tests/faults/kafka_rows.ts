import type { Fault } from "./fault.ts";
import { replayWhileConsuming } from "./kafka_replay.ts";
import { resetRacingJoin } from "./kafka_reset.ts";
import { stopInBatch } from "./kafka_signals.ts";

/** The faults of the table that lie in Kafka, the registry and the ways there. */
export const KAFKA_FAULTS: readonly Fault[] = [replayWhileConsuming, resetRacingJoin, stopInBatch];
