import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT, Failure } from "../../../lib/errors.ts";
import { newPlan, rememberPlan, type StackWish } from "../../../tools/stack/plan.ts";
import { freePorts } from "../../../tools/stack/ports.ts";

/** Lets `plan` make plans for a data folder that holds `brokers` brokers. */
function inDataDir(brokers: number, check: (plan: (wish?: Partial<StackWish>) => ReturnType<typeof newPlan>) => void) {
  const dataDir = Deno.makeTempDirSync();
  try {
    for (let id = 1; id <= brokers; id++) Deno.mkdirSync(join(dataDir, `broker-${id}`));
    check((wish = {}) => {
      const plan = newPlan({
        dataDir,
        topic: "orders",
        group: "order-processor",
        secure: false,
        postgres: false,
        ...wish,
      });
      rememberPlan(dataDir, plan);
      return plan;
    });
  } finally {
    Deno.removeSync(dataDir, { recursive: true });
  }
}

Deno.test("newPlan() takes the usual ports the first time", () =>
  inDataDir(0, (plan) => assert.deepEqual(plan(), { brokers: [9092], registry: 8081 })));

Deno.test("newPlan() gives three nodes the ports from the one asked for", () =>
  inDataDir(0, (plan) => assert.deepEqual(plan({ nodes: 3, kafkaPort: 19092 }).brokers, [19092, 19093, 19094])));

Deno.test("newPlan() keeps the ports of last time unless asked for others", () =>
  inDataDir(1, (plan) => {
    const first = plan({ kafkaPort: 0, registryPort: 0 });
    assert.deepEqual(plan(), first);
    assert.deepEqual(plan({ registryPort: 18081 }), { ...first, registry: 18081 });
  }));

Deno.test("newPlan() gives a secure stack ports for certificates, and keeps them while they are free", () =>
  inDataDir(1, (plan) => {
    const first = plan({ secure: true });
    assert.equal(first.tls?.length, 1);
    assert.deepEqual(plan({ secure: true }), first);
    using _ = Deno.listen({ hostname: "127.0.0.1", port: first.tls![0] });
    assert.notDeepEqual(plan({ secure: true }).tls, first.tls);
  }));

Deno.test("newPlan() gives a database a port, and keeps it while it is free, also while there is none", () =>
  inDataDir(1, (plan) => {
    const { postgres } = plan({ postgres: true });
    assert.ok(postgres !== undefined && postgres >= 10_000);
    assert.equal(plan().postgres, undefined);
    assert.equal(plan({ postgres: true }).postgres, postgres);
    using _ = Deno.listen({ hostname: "127.0.0.1", port: postgres });
    assert.notEqual(plan({ postgres: true }).postgres, postgres);
  }));

Deno.test("newPlan() refuses another number of nodes than the data has", () =>
  inDataDir(3, (plan) => {
    assert.equal(plan().brokers.length, 3);
    const isConfig = (error: unknown) => error instanceof Failure && error.exit === EXIT.config;
    assert.throws(() => plan({ nodes: 1 }), isConfig);
    assert.throws(() => plan({ nodes: 1 }), /holds the data of 3 nodes, not 1: /);
  }));

Deno.test("freePorts() are different and below those of outgoing connections", () => {
  const ports = freePorts(50);
  assert.equal(new Set(ports).size, 50);
  for (const port of ports) assert.ok(port >= 10_000 && port < 32_768, String(port));
});
