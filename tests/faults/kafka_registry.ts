import { ORDER_SCHEMA } from "../../lib/avro/order_schema.ts";
import { valueSubject } from "../../lib/topics.ts";
import { eventually } from "../support/commands.ts";
import { registerSchema } from "../support/register_schema.ts";
import { RegistryStub } from "../support/registry_stub.ts";
import type { Fault, FaultContext, FaultOutcome } from "./fault.ts";
import { brokenOf, KafkaWorld } from "./kafka_world.ts";

const MOODS = ["down", "failing", "slow", "not found"] as const;
/** Failed requests after which a consumer has shown that it keeps asking. */
const ASKED_AGAIN = 3;

/**
 * Row 17: the registry fails when a schema has to be looked up. No verdicts and no dead letters while it lasts; then
 * verdicts on every order, and the only dead letters are messages with an id that the registry really does not know.
 */
export const registryFails: Fault = {
  row: 17,
  name: "registry down, 500, slow, 404",
  runs: { full: 20, sample: 1 },
  async run(context: FaultContext): Promise<FaultOutcome> {
    const { random, env } = context;
    await using registry = await RegistryStub.before(env.SCHEMA_REGISTRY_URL);
    await using world = await KafkaWorld.create({ ...context, env: { ...env, SCHEMA_REGISTRY_URL: registry.url } });
    await using consumer = await world.consumer();
    const knowsFirst = random() < 0.5;
    if (knowsFirst) {
      await world.send(100);
      await eventually("verdicts before the fault", () => world.verdicts() >= 100);
    }
    // Reads the same, as one of another version of a producer would.
    const newest = { ...ORDER_SCHEMA, doc: world.topic };
    const newer = await registerSchema(valueSubject(world.topic), newest, {
      registry: { url: env.SCHEMA_REGISTRY_URL },
    });
    const unknown = 1_000_000 + Math.floor(random() * 1e9);
    const mood = MOODS[Math.floor(random() * MOODS.length)];

    const before = world.verdicts();
    registry.setMood(mood);
    await world.send(20, newer);
    if (random() < 0.5) await world.send(100);
    await eventually("the consumer asks again", () => registry.failed >= ASKED_AGAIN, 60_000);
    const during = world.verdicts();
    const deadLettersDuring = await world.deadLetters();
    registry.setMood("well");
    const recoveryMs = await world.recovery(performance.now(), during);
    await world.send(5, unknown);
    const poison = new Set(world.sent.splice(-5));
    await eventually("dead letters for the unknown id", async () => (await world.deadLetters()).length >= poison.size);
    consumer.signal("SIGTERM");
    const { code, stderr } = await consumer.end;
    const deadLetters = await world.deadLetters();
    return await world.outcome(
      recoveryMs,
      brokenOf({
        [`no verdict with the registry ${mood}, got ${during - before}`]: during === before || knowsFirst,
        [`no dead letter with the registry ${mood}, got ${deadLettersDuring.length}`]: deadLettersDuring.length === 0,
        [`only the ${poison.size} messages of an unknown schema are dead letters, got ${deadLetters.length}`]:
          deadLetters.length === poison.size && deadLetters.every(({ value }) => value?.readInt32BE(1) === unknown),
        [`it says that it waits for the registry: ${stderr.slice(-300)}`]: /No answer from .*schemas/.test(stderr),
        [`exit 0 in the end, got ${code}`]: code === 0,
      }),
    );
  },
};
