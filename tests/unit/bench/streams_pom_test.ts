import assert from "node:assert/strict";
import { join } from "node:path";
import { CHECKOUT } from "../../../tools/stack/folders.ts";

Deno.test("the Kafka Streams application is built with the version of Kafka that the broker has", () => {
  const versions = (pom: string, artifact: string) => {
    const text = Deno.readTextFileSync(join(CHECKOUT, pom));
    return [...text.matchAll(new RegExp(`<artifactId>${artifact}</artifactId>\\s*<version>(.*?)</version>`, "g"))]
      .map(([, version]) => version);
  };
  const broker = versions("tools/stack/pom.xml", "kafka_2.13");
  assert.equal(broker.length, 1);
  assert.deepEqual(versions("bench/streams/pom.xml", "kafka-streams"), broker);
});
