import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { readPassword } from "../../tools/stack/secure/secrets.ts";
import { USER_NAMES } from "../../tools/stack/secure/users.ts";
import { SecureWorld } from "../support/secure_world.ts";

const CANARY = "canary-4be1a7c3";
/** All that kafkajs has to say, the bytes of the protocol included. */
const TALKATIVE = {
  KAFKAJS_LOG_LEVEL: "DEBUG",
  KAFKAJS_DEBUG_PROTOCOL_BUFFERS: "1",
  KAFKAJS_DEBUG_EXTENDED_PROTOCOL_BUFFERS: "1",
};
/** Every command that speaks to Kafka or the registry, with all the detail it has. */
const LINES = [
  "produce --count 20 --delay 0 --mix poison=30,unpaid=20 --verbose",
  "consume --until-end --verbose",
  "consume --until-end --verbose --reset",
  "offsets show",
  "offsets reset --to -3 --yes",
  "offsets undo --yes --json",
  "verify --verbose",
  "verify --json",
  "why no-such-order",
  "dlq --json",
  "replay --verbose",
  "replay --rejected --verbose",
  "replay --dlq --verbose --dry-run",
  "doctor --json",
];
/** Every command that works on a store. */
const STORE_LINES = [
  "bootstrap --verbose",
  "user show --verbose",
  "inventory update --item pen --quantity 1",
  "produce --count 1 --dry-run",
  "verify --offline --verbose",
  "why no-such-order --offline --json",
  "replay --dry-run --verbose",
  "offsets history",
  "migrate-store --to postgres",
  "doctor --json",
];
/** Addresses with a password that lead nowhere, or are not even one. */
const DATABASE_URLS = [
  `postgres://alice:${CANARY}-db@localhost:1/orders`,
  `postgres://alice:${CANARY}-db@localhost:1`,
  `postgres://alice:${CANARY}-db@localhost/orders?sslmode=prefer`,
  `postgres://alice:${CANARY}-db%zz@localhost/orders`,
  `postgres://alice:${CANARY}-db@db.example/orders?sslmode=disable`,
  `alice:${CANARY}-db@localhost/orders`,
];

Deno.test("a secret shows in nothing that a command prints or writes, whatever is wrong and however much is logged", (t) =>
  SecureWorld.with(async (world) => {
    const admin = { ...world.envOf("admin"), ...TALKATIVE };
    const token = { SCHEMA_REGISTRY_TOKEN: `${CANARY}-token` };
    const basic = { SCHEMA_REGISTRY_USERNAME: "alice", SCHEMA_REGISTRY_PASSWORD: `${CANARY}-basic` };
    const wrong = { KAFKA_SASL_PASSWORD_FILE: "", KAFKA_SASL_PASSWORD: `${CANARY}-password` };
    const ways: [way: string, env: Record<string, string>, works: boolean][] = [
      ["the right password by SCRAM", { ...admin, ...token }, true],
      ["the right password by PLAIN", { ...admin, ...basic, KAFKA_SASL_MECHANISM: "PLAIN" }, true],
      ["a certificate", { ...world.envOf("admin", "certificate"), ...TALKATIVE, ...token }, true],
      ["a wrong password by SCRAM", { ...admin, ...wrong, ...token }, false],
      ["a wrong password by PLAIN", { ...admin, ...wrong, ...basic, KAFKA_SASL_MECHANISM: "PLAIN" }, false],
      ["a password where a file is named", { ...admin, KAFKA_SASL_PASSWORD_FILE: `${CANARY}-file` }, false],
      ["a password in the address", { ...admin, KAFKA_BOOTSTRAP_SERVERS: `alice:${CANARY}@localhost:9092` }, false],
      [
        "a password in the registry's address",
        { ...admin, SCHEMA_REGISTRY_URL: `http://a:${CANARY}@localhost` },
        false,
      ],
    ];
    for (const [way, env, works] of ways) {
      await t.step(`with ${way}`, async () => {
        for (const line of LINES) {
          const { code, stderr } = await world.run(line, env);
          if (works && !/why|doctor/.test(line)) assert.equal(code, 0, `${line}: ${stderr}`);
          if (!works && !line.startsWith("doctor")) assert.notEqual(code, 0, line);
        }
      });
    }

    await t.step("with a password in DATABASE_URL", async () => {
      for (const [index, line] of STORE_LINES.entries()) {
        // A database that is away is waited for ten seconds, so not by every command.
        for (const url of index === 1 ? DATABASE_URLS : DATABASE_URLS.slice(1)) {
          const { code } = await world.run(line, { ...admin, ...token, DATABASE_URL: url });
          assert.notEqual(code, 0, `${line} with ${url}`);
        }
      }
    });

    await t.step("what was looked through is what was meant: it was talkative", () => {
      const all = world.printed.join("");
      assert.match(all, /SaslAuthenticate/);
      assert.match(all, /"type":"Buffer","data":\[/);
      assert.match(all, /\n {4}at /);
    });

    await t.step("nothing printed, stored or readable by others holds one", () => {
      const texts = [
        ...world.printed,
        ...world.storage.files().values().map((bytes) => new TextDecoder().decode(bytes)),
      ];
      const stack = [...readableByOthers(world.dataDir)];
      assert.ok(stack.length > 0, "the stack's files were looked at");
      texts.push(...stack);
      for (const shape of shapesOf(secretsOf(world))) {
        const found = texts.find((text) => text.includes(shape));
        assert.equal(found?.slice(Math.max(0, found.indexOf(shape) - 200), found.indexOf(shape) + 200), undefined);
      }
    });
  }));

/** The secrets that are in use: canaries, the passwords and keys of the stack. */
function secretsOf({ dataDir }: SecureWorld): string[] {
  const keys = USER_NAMES.map((user) => Deno.readTextFileSync(join(dataDir, "secure", "tls", `${user}.key`)));
  const lines = keys.map((pem) => pem.split("\n")[5]); // one from within says enough
  return [CANARY, ...USER_NAMES.map((user) => readPassword(dataDir, user)), ...lines];
}

/** How each may look: as it is, as bytes in a log, and as what it is sent as. */
function shapesOf(secrets: string[]): string[] {
  const sent = [
    `alice:${CANARY}-basic`,
    ...secrets.flatMap((secret) => USER_NAMES.map((user) => `\0${user}\0${secret}`)),
  ];
  return [
    ...secrets,
    ...secrets.map((secret) => [...Buffer.from(secret)].join(",")),
    ...secrets.map((secret) => Buffer.from(secret).toString("hex")),
    ...[...secrets, ...sent].map((secret) => Buffer.from(secret).toString("base64").replace(/.?.?=*$/, "")),
  ];
}

/**
 * Texts of the stack's files that others than their owner may read, in folders that they may enter; that the data folder
 * itself is a private one here is not counted on.
 */
function* readableByOthers(folder: string): Generator<string> {
  for (const { name, isDirectory, isFile } of Deno.readDirSync(folder)) {
    const path = join(folder, name);
    if (isDirectory && ((Deno.statSync(path).mode ?? 0) & 0o055) !== 0) yield* readableByOthers(path);
    else if (isFile && ((Deno.statSync(path).mode ?? 0) & 0o044) !== 0) yield Deno.readTextFileSync(path);
  }
}
