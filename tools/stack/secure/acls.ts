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

/** Each user's rights; `admin` and the brokers are super users and need no ACL. */
type Rights = Record<Exclude<User, "admin">, AclEntry[]>;

/**
 * What each user may do with the orders in `topic` and their consumer group, and no more. A test removes each in turn:
 * without it, a command of that user is denied. Everything else in a secure stack is for super users.
 *
 * READ and WRITE imply DESCRIBE. Nobody has CREATE: `up` makes the topics. An idempotent producer without a
 * transactional id needs WRITE on its topic and nothing on the cluster (since Kafka 2.8; IDEMPOTENT_WRITE before that).
 */
export function aclsOf({ topic, group }: { topic: string; group: string }): AclEntry[] {
  const deadLetters = deadLetterTopic(topic);
  const rights: Rights = {
    producer: [onTopic(WRITE, topic)],
    consumer: [onTopic(READ, topic), onTopic(WRITE, deadLetters), onGroup(READ, group)],
    // Reads the dead letters, and in the topic what a resumed run has already sent.
    replayer: [onTopic(WRITE, topic), onTopic(READ, topic), onTopic(READ, deadLetters)],
    // DESCRIBE on the group is for the dashboard, which shows its lag.
    auditor: [onTopic(READ, topic), onTopic(READ, deadLetters), onGroup(DESCRIBE, group)],
  };
  return Object.entries(rights).flatMap(([user, acls]) => acls.map((acl) => ({ ...acl, principal: `User:${user}` })));
}

/** Creates missing ACLs. `kafka` is connected as a super user. Permission: net. */
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
