import type { Kafka } from "kafkajs";
import BrokerPool from "kafkajs/src/cluster/brokerPool.js";
import type { KafkaConnection } from "../../connections.ts";
import { causesOf, EXIT, Failure } from "../../errors.ts";
import { shellWord } from "../../shell_word.ts";
import { connectionOf } from "./client.ts";
import { connectionDenied } from "./connection_denied.ts";
import { type TopicFacts, topicFacts, type TopicOperation } from "./topic_facts.ts";
import { withAdmin } from "./disconnect.ts";

unmaskDenials();

/** What some work does at the brokers, in terms of ACLs. */
export interface Work {
  topic: string;
  operation: TopicOperation;
  /** The consumer group it belongs to. */
  group?: string;
}

/**
 * Checks before any work that the client may do what it wants with each topic, as far as the brokers tell. Throws a
 * {@linkcode Failure} (78) that names the missing right, or the missing topic to write to. Returns what the brokers
 * told. Permission: net.
 */
export async function requireRights(
  kafka: Kafka,
  wanted: Readonly<Record<string, TopicOperation>>,
): Promise<Map<string, TopicFacts> | undefined> {
  const facts = await topicFacts(kafka, Object.keys(wanted));
  for (const [topic, operation] of Object.entries(wanted)) {
    const found = facts?.get(topic);
    if (found === undefined) continue;
    if (found.hidden || (found.exists && !found.allows(operation))) {
      throw missingRight(connectionOf(kafka), { operation, on: "topic", name: topic });
    }
    if (!found.exists && operation === "Write") {
      throw new Failure(EXIT.config, `There is no topic ${topic}, and this user may not create it: have it created`);
    }
  }
  return facts;
}

/**
 * Whether the topic exists. Throws a {@linkcode Failure} (78) if it may not be read, so that it is never taken for an
 * empty one. Permission: net.
 */
export async function isReadable(kafka: Kafka, topic: string): Promise<boolean> {
  const facts = await requireRights(kafka, { [topic]: "Read" });
  if (facts !== undefined) return facts.get(topic)?.exists ?? false;
  return await withAdmin(kafka, async (admin) => (await admin.listTopics()).includes(topic));
}

/**
 * The {@linkcode Failure} (78) for an error that means access denied, by a missing right or a denied login; undefined
 * for other errors.
 */
export function accessDenied(error: unknown, kafka: Kafka, work: Work): Failure | undefined {
  if (error instanceof Failure) return undefined;
  const connection = connectionOf(kafka);
  for (const inner of causesOf(error)) {
    const right = "type" in inner ? rightFor(inner.type, work) : undefined;
    if (right !== undefined) return missingRight(connection, right, error);
  }
  return connectionDenied(error, connection);
}

/** A right in terms of `kafka-acls`. */
interface Right {
  operation: string;
  on: "topic" | "group";
  name: string;
}

/** The missing right that a broker's error type stands for. */
function rightFor(type: unknown, { topic, operation, group = "" }: Work): Right | undefined {
  switch (type) {
    case "TOPIC_AUTHORIZATION_FAILED":
    // A broker reports this to an idempotent producer that may not write to any topic.
    case "CLUSTER_AUTHORIZATION_FAILED":
      return { operation, on: "topic", name: topic };
    case "GROUP_AUTHORIZATION_FAILED":
      return { operation: "Read", on: "group", name: group };
  }
}

function missingRight(connection: KafkaConnection, { operation, on, name }: Right, cause?: unknown): Failure {
  const [who, principal] = principalOf(connection);
  const grant = `kafka-acls --add --allow-principal ${shellWord(principal)} --operation ${operation} ` +
    `--${on} ${shellWord(name)}`;
  const message = `Kafka denies ${who} ${operation} on ${on} ${name}; an administrator grants it: ${grant}`;
  return new Failure(EXIT.config, message, { cause });
}

/** Who this client is to the brokers; the principal they derive from a certificate is not known here. */
function principalOf({ tls, sasl }: KafkaConnection): [who: string, principal: string] {
  if (sasl === undefined && tls?.client !== undefined) return ["the owner of KAFKA_SSL_CERT_FILE", "User:NAME"];
  const principal = sasl === undefined ? "User:ANONYMOUS" : `User:${sasl.username}`;
  return [principal, principal];
}

/** The part of kafkajs's broker pool (kafkajs/src/cluster/brokerPool.js) that hides denied access. */
interface InternalPool {
  withBroker<T>(use: (found: { nodeId: string; broker: unknown }) => Promise<T>): Promise<T | null>;
}

/**
 * Lets authorization errors through. kafkajs asks one broker after the other and drops their errors: a missing right on
 * a group becomes "Failed to find group coordinator", as if brokers were away.
 */
function unmaskDenials(): void {
  const prototype: InternalPool = BrokerPool.prototype;
  const { withBroker } = prototype;
  prototype.withBroker = async function <T>(use: (found: { nodeId: string; broker: unknown }) => Promise<T>) {
    let denied: unknown;
    const answer = await withBroker.call(this, async (found) => {
      try {
        return await use(found);
      } catch (error) {
        if (/_AUTHORIZATION_FAILED$/.test((error as { type?: string }).type ?? "")) denied = error;
        throw error;
      }
    });
    if (answer === null && denied !== undefined) throw denied;
    return answer as T | null;
  };
}
