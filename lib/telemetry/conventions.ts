/**
 * The names of OpenTelemetry's semantic conventions 1.45 for messaging that this system uses. They are still in
 * development there (https://opentelemetry.io/docs/specs/semconv/messaging/): if one changes, it changes here.
 */
export const ATTRIBUTE = {
  system: "messaging.system.name",
  destination: "messaging.destination.name",
  partition: "messaging.destination.partition.id",
  group: "messaging.consumer.group.name",
  operationName: "messaging.operation.name",
  operationType: "messaging.operation.type",
  batchSize: "messaging.batch.message_count",
  errorType: "error.type",
} as const;

/** What meters take: OpenTelemetry's own metrics, which an OTLP collector gets. */
export const METRIC = {
  sent: { name: "messaging.client.sent.messages", unit: "{message}" },
  consumed: { name: "messaging.client.consumed.messages", unit: "{message}" },
  processing: {
    name: "messaging.process.duration",
    unit: "s",
    advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] },
  },
};

export const SYSTEM = "kafka";

/** A span is named by its operation and its topic. */
export const OPERATION = { send: "send", process: "process" } as const;
