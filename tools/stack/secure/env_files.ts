import { join } from "node:path";
import { shellWord } from "../../../lib/shell_word.ts";
import type { Check } from "../check.ts";
import { DEFAULT_DATA_DIR } from "../folders.ts";
import { readState, type StackState } from "../state.ts";
import { CA_FILE } from "./secrets.ts";
import { secureFolder } from "./secure_folder.ts";
import { type User, USER_NAMES, USERS } from "./users.ts";

/** The file with the settings of a user, to be read into a shell: with a password, or with a certificate. */
export function envFile(dataDir: string, user: User, by: "password" | "certificate" = "password"): string {
  return join(secureFolder(dataDir).path, by === "password" ? `${user}.env` : `${user}-tls.env`);
}

/** Writes the settings of every user, for a shell; secrets are named by their files. Permission: write of `dataDir`. */
export function writeEnvFiles(dataDir: string, state: StackState): void {
  for (const user of USER_NAMES) {
    write(envFile(dataDir, user), passwordSettings(dataDir, state, user));
    write(envFile(dataDir, user, "certificate"), certificateSettings(dataDir, state, user));
  }
}

/** Lines about the running secure stack in `dataDir`: how to use it as which user. */
export function secureLines(dataDir: string, state: StackState): string[] {
  return [
    `Clients log in at ${state.brokers} by SCRAM over TLS, or at ${state.secure?.tlsBrokers} with a certificate.`,
    "The registry needs no login. Everything listens on this machine only.",
    "Be one of these users by reading its settings into a shell (-tls.env instead of .env logs in by certificate):",
    ...USER_NAMES.map((user) => `. ${shellWord(envFile(dataDir, user))} # ${user} ${USERS[user]}`),
  ];
}

/**
 * `checks` of `brokers`. If these are the checkout's own secure stack, a failed check gets a hint to log in.
 * Permission: read.
 */
export function secureRemedy(checks: readonly Check[], brokers: readonly string[]): Check[] {
  const state = readState(DEFAULT_DATA_DIR);
  if (state?.secure === undefined || state.brokers !== brokers.join(",")) return [...checks];
  const login = `it is secure: read a user's settings first, as in . ${
    shellWord(envFile(DEFAULT_DATA_DIR, "auditor"))
  }`;
  return checks.map((check) => {
    if (check.level !== "fail") return check;
    return { ...check, remedy: check.remedy === undefined ? login : `${check.remedy}; ${login}` };
  });
}

type Settings = Record<string, string | undefined>;

/** Settings that the shell may have from another user or registry; this registry needs no login. */
const UNSET: Settings = {
  KAFKA_SASL_MECHANISM: undefined,
  KAFKA_SASL_USERNAME: undefined,
  KAFKA_SASL_PASSWORD: undefined,
  KAFKA_SASL_PASSWORD_FILE: undefined,
  KAFKA_SSL_CERT_FILE: undefined,
  KAFKA_SSL_KEY_FILE: undefined,
  SCHEMA_REGISTRY_USERNAME: undefined,
  SCHEMA_REGISTRY_PASSWORD: undefined,
  SCHEMA_REGISTRY_PASSWORD_FILE: undefined,
  SCHEMA_REGISTRY_TOKEN: undefined,
  SCHEMA_REGISTRY_TOKEN_FILE: undefined,
  SCHEMA_REGISTRY_CA_FILE: undefined,
};

function passwordSettings(dataDir: string, { brokers, registry }: StackState, user: User): Settings {
  const { tls, passwords } = secureFolder(dataDir);
  return {
    ...UNSET,
    KAFKA_BOOTSTRAP_SERVERS: brokers,
    SCHEMA_REGISTRY_URL: registry,
    KAFKA_SECURITY_PROTOCOL: "SASL_SSL",
    KAFKA_SASL_MECHANISM: "SCRAM-SHA-512",
    KAFKA_SASL_USERNAME: user,
    KAFKA_SASL_PASSWORD_FILE: join(passwords, user),
    KAFKA_SSL_CA_FILE: join(tls, CA_FILE),
  };
}

function certificateSettings(dataDir: string, { secure, registry }: StackState, user: User): Settings {
  const { tls } = secureFolder(dataDir);
  return {
    ...UNSET,
    KAFKA_BOOTSTRAP_SERVERS: secure?.tlsBrokers,
    SCHEMA_REGISTRY_URL: registry,
    KAFKA_SECURITY_PROTOCOL: "SSL",
    KAFKA_SSL_CA_FILE: join(tls, CA_FILE),
    KAFKA_SSL_CERT_FILE: join(tls, `${user}.crt`),
    KAFKA_SSL_KEY_FILE: join(tls, `${user}.key`),
  };
}

/** An undefined one is unset. */
function write(path: string, settings: Settings): void {
  const lines = Object.entries(settings).map(([name, value]) =>
    value === undefined ? `unset ${name}\n` : `export ${name}=${shellWord(value)}\n`
  );
  Deno.writeTextFileSync(path, lines.join(""), { mode: 0o600 });
}
