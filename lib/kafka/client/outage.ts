import type { Kafka } from "kafkajs";
import { Failure, messageOf } from "../../errors.ts";
import { asFailure, isTransient, otherRule } from "./failures.ts";
import { accessDenied } from "./rights.ts";

/**
 * The sentence for a subscription error that is waited out; throws a {@linkcode Failure} for any other error.
 *
 * A right or login that is taken away while it runs may be given back, just as brokers may come back. If it never had
 * one, the settings are at fault.
 */
export function outageOf(
  error: unknown,
  kafka: Kafka,
  { topic, group, wasMember }: { topic: string; group: string; wasMember: boolean },
): string {
  if (error instanceof Failure) throw error;
  const incompatible = otherRule(error, group);
  if (incompatible !== undefined) throw incompatible;
  const denied = accessDenied(error, kafka, { topic, operation: "Read", group });
  if (denied !== undefined && !wasMember) throw denied;
  if (denied !== undefined) return `${denied.message}; no order is read until then`;
  if (!isTransient(error)) throw asFailure(error);
  return `Kafka is away (${messageOf(error)}); trying again`;
}
