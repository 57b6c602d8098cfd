import type { Kafka } from "kafkajs";
import { Failure, messageOf } from "../../errors.ts";
import { asFailure, isTransient, otherRule } from "./failures.ts";
import { refusal } from "./rights.ts";

/**
 * The sentence for an error of a subscription that is waited out; throws the {@linkcode Failure} for one that is not.
 *
 * A right or a login that is taken away while it runs may be given back, as brokers may come back. One that never was
 * there is a setting.
 */
export function outageOf(
  error: unknown,
  kafka: Kafka,
  { topic, group, wasMember }: { topic: string; group: string; wasMember: boolean },
): string {
  if (error instanceof Failure) throw error;
  const incompatible = otherRule(error, group);
  if (incompatible !== undefined) throw incompatible;
  const refused = refusal(error, kafka, { topic, operation: "Read", group });
  if (refused !== undefined && !wasMember) throw refused;
  if (refused !== undefined) return `${refused.message}; no order is read until then`;
  if (!isTransient(error)) throw asFailure(error);
  return `Kafka is away (${messageOf(error)}); trying again`;
}
