import { join } from "node:path";
import type { KafkaConnection } from "../../../lib/connections.ts";
import { exists } from "../../../lib/files/disk/exists.ts";
import { Secret } from "../../../lib/secret.ts";
import { makeSecretFolder, randomPassword } from "../secret_files.ts";
import { type Certified, expiresWithin, makeCertificates } from "./certificates.ts";
import { secureFolder } from "./secure_folder.ts";
import { BROKER_NAME, DATABASE_NAME, type User, USER_NAMES } from "./users.ts";

/** Certificates that expire sooner are renewed at the next start. */
const RENEW_DAYS = 30;

/** What a client needs to trust the brokers: the file of the CA's certificate. */
export const CA_FILE = "ca.crt";
/** Certificate and key in one file, as Kafka wants a PEM key store. */
export const KEY_STORE_FILE = `${BROKER_NAME}.pem`;
/** Certificate and key of PostgreSQL in one file, which it accepts for both. */
export const DATABASE_KEY_FILE = `${DATABASE_NAME}.pem`;

/**
 * Creates the passwords and certificates of the stack in `dataDir` if they are missing or expire within a month. Only
 * the owner may read them.
 *
 * A password lasts as long as the data, because the brokers store it there. No broker may be running. Permissions:
 * read, write of `dataDir`.
 */
export async function provideSecrets(dataDir: string): Promise<void> {
  const { path, tls, passwords } = secureFolder(dataDir);
  Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
  if (!exists(passwords)) makeSecretFolder(passwords, USER_NAMES.map((name) => [name, randomPassword()]));
  const ca = join(tls, CA_FILE);
  // Earlier versions made none for the database.
  const isWhole = exists(ca) && exists(join(tls, DATABASE_KEY_FILE));
  if (isWhole && !expiresWithin(RENEW_DAYS, Deno.readTextFileSync(ca))) return;
  makeSecretFolder(tls, await certificateFiles());
}

/** Permission: read. */
export function readPassword(dataDir: string, user: string): string {
  return Deno.readTextFileSync(join(secureFolder(dataDir).passwords, user));
}

/**
 * The passwords of the stack in `dataDir`, as Kafka's `StorageTool format --add-scram` takes them. Permission: read.
 */
export function scramCredentials(dataDir: string): string[] {
  return USER_NAMES.flatMap((name) =>
    ["SCRAM-SHA-512", "SCRAM-SHA-256"].map((mechanism) =>
      `${mechanism}=[name=${name},password=${readPassword(dataDir, name)}]`
    )
  );
}

/** The connection to the secure stack in `dataDir`, which listens at `brokers`, as `user`. Permission: read. */
export function secureConnection(dataDir: string, brokers: readonly string[], user: User): KafkaConnection {
  const password = new Secret(readPassword(dataDir, user));
  return {
    brokers,
    tls: { ca: Deno.readTextFileSync(join(secureFolder(dataDir).tls, CA_FILE)) },
    sasl: { mechanism: "SCRAM-SHA-512", username: user, password, allowPlaintext: false },
  };
}

async function certificateFiles(): Promise<[name: string, text: string][]> {
  const { ca, broker, database, clients } = await makeCertificates();
  return [
    [CA_FILE, ca],
    [KEY_STORE_FILE, broker.key + broker.certificate],
    [DATABASE_KEY_FILE, database.key + database.certificate],
    ...Object.entries(clients).flatMap(([name, { key, certificate }]: [string, Certified]): [string, string][] => [
      [`${name}.key`, key],
      [`${name}.crt`, certificate],
    ]),
  ];
}
