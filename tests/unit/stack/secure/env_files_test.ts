import assert from "node:assert/strict";
import { join } from "node:path";
import { envFile, writeEnvFiles } from "../../../../tools/stack/secure/env_files.ts";
import { secureFolder } from "../../../../tools/stack/secure/secure_folder.ts";
import type { StackState } from "../../../../tools/stack/state.ts";

const STATE: StackState = {
  mode: "local",
  brokers: "127.0.0.1:1,127.0.0.1:2",
  registry: "http://127.0.0.1:3/apis/ccompat/v7",
  nodes: 2,
  kafkaPort: 1,
  registryPort: 3,
  secure: { tlsBrokers: "127.0.0.1:4,127.0.0.1:5" },
  pids: {},
  startedAt: "2026-11-25T00:00:00.000Z",
};

/** The settings that a shell has after it has read the files one after the other. */
async function settingsAfter(files: string[]): Promise<Record<string, string>> {
  const args = ["-c", 'for file; do . "$file"; done; env | grep "^KAFKA_\\|^SCHEMA_"', "sh", ...files];
  const { stdout, stderr } = await new Deno.Command("sh", { args, clearEnv: true }).output();
  assert.equal(new TextDecoder().decode(stderr), "");
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s, 2)));
}

Deno.test({
  name: "writeEnvFiles() writes what a shell reads, whatever the folder is called and was read before",
  ignore: Deno.build.os === "windows",
  async fn() {
    const dataDir = Deno.makeTempDirSync({ prefix: "it's $HOME; " });
    try {
      const { path, tls, passwords } = secureFolder(dataDir);
      Deno.mkdirSync(path);
      writeEnvFiles(dataDir, STATE);
      const [byPassword, byCertificate] = [envFile(dataDir, "producer"), envFile(dataDir, "producer", "certificate")];
      const login = {
        KAFKA_BOOTSTRAP_SERVERS: STATE.brokers,
        SCHEMA_REGISTRY_URL: STATE.registry,
        KAFKA_SECURITY_PROTOCOL: "SASL_SSL",
        KAFKA_SASL_MECHANISM: "SCRAM-SHA-512",
        KAFKA_SASL_USERNAME: "producer",
        KAFKA_SASL_PASSWORD_FILE: join(passwords, "producer"),
        KAFKA_SSL_CA_FILE: join(tls, "ca.crt"),
      };
      const certificate = {
        KAFKA_BOOTSTRAP_SERVERS: STATE.secure!.tlsBrokers,
        SCHEMA_REGISTRY_URL: STATE.registry,
        KAFKA_SECURITY_PROTOCOL: "SSL",
        KAFKA_SSL_CA_FILE: join(tls, "ca.crt"),
        KAFKA_SSL_CERT_FILE: join(tls, "producer.crt"),
        KAFKA_SSL_KEY_FILE: join(tls, "producer.key"),
      };
      assert.deepEqual(await settingsAfter([byPassword]), login);
      assert.deepEqual(await settingsAfter([byPassword, byCertificate]), certificate);
      assert.deepEqual(await settingsAfter([byCertificate, byPassword]), login);
    } finally {
      Deno.removeSync(dataDir, { recursive: true });
    }
  },
});
