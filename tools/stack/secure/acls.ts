import {
  type AclEntry,
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  type Kafka,
  ResourcePatternTypes,
} from "kafkajs";
import { withAdmin } from "../../../lib/kafka/client/disconnect.ts";
import { deadLetterTopic } from "../../../lib/topics.ts";
import type { User } from "./users.ts";

const { READ, WRITE, DESCRIBE } = AclOperationTypes;

/** Each user's rights; `admin` and the brokers are super users and need none. */
type Rights = Record<Exclude<User, "admin">, AclEntry[]>;

/**
 * What each user may do with the orders in `topic` and their consumer group, and no more. Each was left out once: without
 * it a command of that user is refused (but for the last). The rest of a secure stack is for super users.
 *
 * READ and WRITE imply DESCRIBE. Nobody has CREATE: `up` makes the topics. An idempotent producer without a transactional
 * id needs WRITE on its topic and nothing on the cluster (since Kafka 2.8; IDEMPOTENT_WRITE before that).
 */
export function aclsOf({ topic, group }: { topic: string; group: string }): AclEntry[] {
  const deadLetters = deadLetterTopic(topic);
  const rights: Rights = {
    producer: [onTopic(WRITE, topic)],
    consumer: [onTopic(READ, topic), onTopic(WRITE, deadLetters), onGroup(READ, group)],
    // Reads the dead letters, and in the topic itself what a resumed run has sent already.
    replayer: [onTopic(WRITE, topic), onTopic(READ, topic), onTopic(READ, deadLetters)],
    // The group is for tools that show its lag; none of the commands needs it.
    auditor: [onTopic(READ, topic), onTopic(READ, deadLetters), onGroup(DESCRIBE, group)],
  };
  return Object.entries(rights).flatMap(([user, acls]) => acls.map((acl) => ({ ...acl, principal: `User:${user}` })));
}

/** Makes them where they are missing. `kafka` is connected as a super user. Permission: net. */
export async function createAcls(kafka: Kafka, acl: AclEntry[]): Promise<void> {
  await withAdmin(kafka, (admin) => admin.createAcls({ acl }));
}

function onTopic(operation: AclOperationTypes, name: string): AclEntry {
  return entry(operation, AclResourceTypes.TOPIC, name);
}

function onGroup(operation: AclOperationTypes, name: string): AclEntry {
  return entry(operation, AclResourceTypes.GROUP, name);
}

function entry(operation: AclOperationTypes, resourceType: AclResourceTypes, resourceName: string): AclEntry {
  return {
    operation,
    resourceType,
    resourceName,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    permissionType: AclPermissionTypes.ALLOW,
    host: "*",
    principal: "",
  };
}
