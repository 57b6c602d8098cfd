import { HOST } from "./ports.ts";
import { secureProperties } from "./secure/secure_properties.ts";

/** Where one node of the cluster listens. */
export interface NodePorts {
  kafka: number;
  controller: number;
  /** For clients with a certificate; only in a secure stack. */
  tls?: number;
}

/**
 * `server.properties` of node `id` (from 1) of a KRaft cluster in which every node is broker and controller.
 *
 * `log.dirs` is relative to the working folder, so that no path needs escaping in a properties file.
 */
export function serverProperties(id: number, nodes: readonly NodePorts[]): string {
  const { kafka, controller, tls } = nodes[id - 1];
  return toText({
    "process.roles": "broker,controller",
    "node.id": id,
    "controller.quorum.voters": nodes.map((node, index) => `${index + 1}@${HOST}:${node.controller}`).join(","),
    ...(tls === undefined ? openProperties({ kafka, controller }) : secureProperties({ kafka, controller, tls })),
    "controller.listener.names": "CONTROLLER",
    "log.dirs": "data",
    // A mistyped topic is an error, not a new topic.
    "auto.create.topics.enable": "false",
    // Few partitions for the internal topics: each costs time at the start and files on disk.
    "offsets.topic.num.partitions": 3,
    "transaction.state.log.num.partitions": 3,
    "share.coordinator.state.topic.num.partitions": 3,
    // A group of one or two members need not wait for more to join.
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1_000,
    // A dead broker is noticed after 3 s instead of 9: that is most of the time a failover takes, and the time a killed
    // broker has to wait before it can come back.
    "broker.session.timeout.ms": 3_000,
    "broker.heartbeat.interval.ms": 500,
    ...replication(nodes.length),
  });
}

function openProperties({ kafka, controller }: NodePorts): Record<string, string> {
  return {
    "listeners": `PLAINTEXT://${HOST}:${kafka},CONTROLLER://${HOST}:${controller}`,
    "advertised.listeners": `PLAINTEXT://${HOST}:${kafka}`,
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
  };
}

function replication(nodes: number): Record<string, number> {
  const inSync = Math.max(1, nodes - 1);
  return {
    "default.replication.factor": nodes,
    "min.insync.replicas": inSync,
    "offsets.topic.replication.factor": nodes,
    "transaction.state.log.replication.factor": nodes,
    "transaction.state.log.min.isr": inSync,
    "share.coordinator.state.topic.replication.factor": nodes,
    "share.coordinator.state.topic.min.isr": inSync,
  };
}

function toText(settings: Record<string, string | number>): string {
  return Object.entries(settings).map(([name, value]) => `${name}=${value}\n`).join("");
}
