import { setTimeout as delay } from "node:timers/promises";
import type { ITopicConfig, Kafka } from "kafkajs";
import { createErrorFromCode } from "kafkajs/src/protocol/error.js";
import createTopicsRequest from "kafkajs/src/protocol/requests/createTopics/v3/request.js";
import createTopicsResponse from "kafkajs/src/protocol/requests/createTopics/v3/response.js";
import { EXIT, Failure } from "../../errors.ts";
import { START_TIMEOUT_MS } from "./client.ts";
import { type RawRequest, type RawResponse, withCluster } from "./internal_cluster.ts";

const RETRY_MS = 250;
/** How long the controller may take to create topics, in milliseconds. */
const CREATE_TIMEOUT_MS = 5_000;

/** The result for one topic; `errorMessage` is the broker's own reason. */
interface CreatedTopic {
  topic: string;
  errorCode: number;
  errorMessage: string | null;
}

interface CreateTopicsAnswer {
  topicErrors: CreatedTopic[];
}

/** Without this, kafkajs turns the answer into an error and drops the broker's reason. */
const response: RawResponse<CreateTopicsAnswer> = {
  decode: createTopicsResponse.decode,
  parse: (answer) => Promise.resolve(answer),
};

/**
 * Creates topics and returns those that exist now: including one that another process has just created, not including
 * one that this client may not create.
 *
 * Throws a {@linkcode Failure} (78) with the broker's own reason if a topic cannot be created for any other cause.
 * Permission: net; at the broker CREATE.
 */
export async function createTopics(kafka: Kafka, topics: readonly ITopicConfig[]): Promise<string[]> {
  for (const deadline = performance.now() + START_TIMEOUT_MS;; await delay(RETRY_MS)) {
    const answers = (await ask(kafka, topics)).map((answer) => ({ ...answer, error: errorOf(answer) }));
    const passing = answers.find(({ error }) => error?.retriable);
    if (passing !== undefined) {
      if (performance.now() > deadline) throw passing.error;
      continue;
    }
    const failed = answers.find(({ error }) => error !== undefined && error.type !== "TOPIC_AUTHORIZATION_FAILED");
    if (failed !== undefined) throw topicNotCreated(failed, failed.error);
    return answers.filter(({ error }) => error === undefined).map(({ topic }) => topic);
  }
}

async function ask(kafka: Kafka, topics: readonly ITopicConfig[]): Promise<CreatedTopic[]> {
  const request: RawRequest = createTopicsRequest({ topics, validateOnly: false, timeout: CREATE_TIMEOUT_MS });
  const { topicErrors } = await withCluster(kafka, async (cluster) => {
    const controller = await cluster.findControllerBroker();
    return await controller.connectionPool.send({ request, response });
  });
  return topicErrors;
}

/** Undefined if the topic exists. */
function errorOf({ errorCode }: CreatedTopic): (Error & { type: string; retriable: boolean }) | undefined {
  if (errorCode === 0) return undefined;
  const error = createErrorFromCode(errorCode);
  return error.type === "TOPIC_ALREADY_EXISTS" ? undefined : error;
}

function topicNotCreated({ topic, errorMessage }: CreatedTopic, cause: Error | undefined): Failure {
  const reason = (errorMessage || cause?.message || "the broker gives no reason").replace(/\.$/, "");
  const message = `Cannot create topic ${topic}: ${reason}; take another name (--topic), or have it created`;
  return new Failure(EXIT.config, message, { cause });
}
