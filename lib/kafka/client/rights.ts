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

/** What a piece of work does at the brokers, in the words of their lists of rights. */
export interface Work {
  topic: string;
  operation: TopicOperation;
  /** The consumer group that it is a member of. */
  group?: string;
}

/**
 * Checks before any work that the client may do what it is about to do with each topic, as far as brokers tell. A
 * {@linkcode Failure} (78) names the right that is missing, or the topic to write into. Answers with what they tell.
 * Permission: net.
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
 * Whether there is such a topic; a {@linkcode Failure} (78) where it may not be read, which must not pass for an empty
 * one. Permission: net.
 */
export async function isReadable(kafka: Kafka, topic: string): Promise<boolean> {
  const facts = await requireRights(kafka, { [topic]: "Read" });
  if (facts !== undefined) return facts.get(topic)?.exists ?? false;
  return await withAdmin(kafka, async (admin) => (await admin.listTopics()).includes(topic));
}

/** The {@linkcode Failure} (78) that an error of some work stands for: a right or a login refused; undefined for others. */
export function accessDenied(error: unknown, kafka: Kafka, work: Work): Failure | undefined {
  if (error instanceof Failure) return undefined;
  const connection = connectionOf(kafka);
  for (const inner of causesOf(error)) {
    const right = "type" in inner ? rightFor(inner.type, work) : undefined;
    if (right !== undefined) return missingRight(connection, right, error);
  }
  return connectionDenied(error, connection);
}

/** A right in the words of `kafka-acls`. */
interface Right {
  operation: string;
  on: "topic" | "group";
  name: string;
}

/** The right whose lack a broker answers like this. */
function rightFor(type: unknown, { topic, operation, group = "" }: Work): Right | undefined {
  switch (type) {
    case "TOPIC_AUTHORIZATION_FAILED":
    // An idempotent producer is asked for a right on the cluster where it may write into no topic at all.
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
  const message = `Kafka refuses ${who} ${operation} on ${on} ${name}; an administrator grants it: ${grant}`;
  return new Failure(EXIT.config, message, { cause });
}

/** Whom the brokers take this client for; what they make of a certificate's name is theirs to say. */
function principalOf({ tls, sasl }: KafkaConnection): [who: string, principal: string] {
  if (sasl === undefined && tls?.client !== undefined) return ["the owner of KAFKA_SSL_CERT_FILE", "User:NAME"];
  const principal = sasl === undefined ? "User:ANONYMOUS" : `User:${sasl.username}`;
  return [principal, principal];
}

/** The part of kafkajs's pool of brokers (kafkajs/src/cluster/brokerPool.js) that keeps refusals back. */
interface InternalPool {
  withBroker<T>(use: (found: { nodeId: string; broker: unknown }) => Promise<T>): Promise<T | null>;
}

/**
 * kafkajs asks one broker after the other and drops what they answer: a right that is missing on a group comes out as
 * "Failed to find group coordinator", as if brokers were away.
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
