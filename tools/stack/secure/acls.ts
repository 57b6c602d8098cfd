import {
  type AclEntry,
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  type Kafka,
  ResourcePatternTypes,
} from "kafkajs";
import { disconnect } from "../../../lib/kafka/disconnect.ts";
import { deadLetterTopic } from "../../../lib/topics.ts";
import type { User } from "./users.ts";

/** `lib/kafka/topic_scan.ts` reads in groups of such names, one for each scan. */
const SCAN_GROUPS = "order-pipeline-scan-";

const { READ, WRITE, DESCRIBE } = AclOperationTypes;

/** Each user's rights; `admin` and the brokers are super users and need none. */
type Rights = Record<Exclude<User, "admin">, AclEntry[]>;

/**
 * What each user may do with the orders in `topic` and their consumer group, and no more. All of it was found by leaving
 * one out: without it a command of that user fails (`tests/integration/secure_stack_test.ts`).
 *
 * READ and WRITE imply DESCRIBE. The topics are made by `up`, so nobody has CREATE. An idempotent producer without a transactional id needs WRITE on its topic only
 * (since Kafka 3.0; IDEMPOTENT_WRITE on the cluster before that).
 */
export function aclsOf({ topic, group }: { topic: string; group: string }): AclEntry[] {
  const letters = deadLetterTopic(topic);
  const rights: Rights = {
    producer: [
      onTopic(WRITE, topic),
    ],
    consumer: [
      onTopic(READ, topic),
      onTopic(WRITE, letters),
      onGroup(READ, group),
    ],
    // What was set aside is read from the dead letters; what a run has sent already, from the topic itself.
    replayer: [
      onTopic(WRITE, topic),
      onTopic(READ, topic),
      onTopic(READ, letters),
      onGroups(READ, SCAN_GROUPS),
    ],
    auditor: [
      onTopic(READ, topic),
      onTopic(READ, letters),
      onGroups(READ, SCAN_GROUPS),
      // No command of ours needs it: how far the consumer is, for tools that show the lag.
      onGroup(DESCRIBE, group),
    ],
  };
  return Object.entries(rights).flatMap(([user, acls]) => acls.map((acl) => ({ ...acl, principal: `User:${user}` })));
}

/** Makes them where they are missing. `kafka` is connected as a super user. Permission: net. */
export async function createAcls(kafka: Kafka, acl: AclEntry[]): Promise<void> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    await admin.createAcls({ acl });
  } finally {
    await disconnect(admin);
  }
}

function onTopic(operation: AclOperationTypes, name: string): AclEntry {
  return entry(operation, AclResourceTypes.TOPIC, name);
}

function onGroup(operation: AclOperationTypes, name: string): AclEntry {
  return entry(operation, AclResourceTypes.GROUP, name);
}

function onGroups(operation: AclOperationTypes, prefix: string): AclEntry {
  return { ...onGroup(operation, prefix), resourcePatternType: ResourcePatternTypes.PREFIXED };
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
