import assert from "node:assert/strict";
import { serverProperties } from "../../../tools/stack/server_properties.ts";

function parse(text: string): Record<string, string> {
  return Object.fromEntries(text.trim().split("\n").map((line) => line.split(/=(.*)/s, 2)));
}

Deno.test("serverProperties() listens on the loopback address only", { permissions: "none" }, () => {
  const settings = parse(serverProperties(1, [{ kafka: 9092, controller: 9100 }]));
  assert.equal(settings["listeners"], "PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9100");
  assert.equal(settings["advertised.listeners"], "PLAINTEXT://127.0.0.1:9092");
});

Deno.test("serverProperties() asks one replica of a single node", { permissions: "none" }, () => {
  const settings = parse(serverProperties(1, [{ kafka: 1, controller: 2 }]));
  const factors = Object.entries(settings).filter(([name]) => name.endsWith("replication.factor"));
  assert.deepEqual(factors.map(([, factor]) => factor), ["1", "1", "1", "1"]);
  assert.equal(settings["min.insync.replicas"], "1");
});

Deno.test("serverProperties() lets one of three nodes be away", { permissions: "none" }, () => {
  const nodes = [{ kafka: 1, controller: 4 }, { kafka: 2, controller: 5 }, { kafka: 3, controller: 6 }];
  const settings = parse(serverProperties(2, nodes));
  assert.equal(settings["node.id"], "2");
  assert.equal(settings["controller.quorum.voters"], "1@127.0.0.1:4,2@127.0.0.1:5,3@127.0.0.1:6");
  assert.equal(settings["default.replication.factor"], "3");
  assert.equal(settings["min.insync.replicas"], "2");
  assert.equal(settings["transaction.state.log.min.isr"], "2");
});
