import { EXIT, Failure } from "../errors.ts";
import { Secret } from "../secret.ts";

/** The variables that name files of credentials (docs/SECURITY.md). */
export const CREDENTIAL_FILES = [
  "KAFKA_SASL_PASSWORD_FILE",
  "KAFKA_SSL_CA_FILE",
  "KAFKA_SSL_CERT_FILE",
  "KAFKA_SSL_KEY_FILE",
  "SCHEMA_REGISTRY_PASSWORD_FILE",
  "SCHEMA_REGISTRY_TOKEN_FILE",
  "SCHEMA_REGISTRY_CA_FILE",
  "DATABASE_PASSWORD_FILE",
  "DATABASE_CA_FILE",
  "DATABASE_CERT_FILE",
  "DATABASE_KEY_FILE",
];

/** A variable's value; an empty one counts as not set. Permission: env of the name. */
export function env(name: string): string | undefined {
  return Deno.env.get(name) || undefined;
}

/**
 * The contents of the file that `name` names. Errors do not show what is in the variable: it may be a secret in the
 * wrong place.
 */
export function fileSetting(name: string): string | undefined {
  const path = env(name);
  if (path === undefined) return undefined;
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new Failure(EXIT.config, `${name} names a file that ${whyUnreadable(error)}`);
  }
}

/** The secret in `name` itself, or in the file that `name` with `_FILE` names, without the line feed at its end. */
export function secretSetting(name: string): Secret | undefined {
  const inFile = fileSetting(`${name}_FILE`);
  const direct = env(name);
  if (inFile === undefined) return direct === undefined ? undefined : new Secret(direct);
  if (direct !== undefined) throw new Failure(EXIT.config, `${name} and ${name}_FILE are both set: unset one of them`);
  const secret = inFile.replace(/\r?\n$/, "");
  if (secret === "") throw new Failure(EXIT.config, `${name}_FILE names a file that is empty`);
  return new Secret(secret);
}

/** Throws if any of `names` is set: with the other settings they have no meaning. */
export function refuseSettings(names: readonly string[], why: string): void {
  const found = names.find((name) => env(name) !== undefined);
  if (found !== undefined) throw new Failure(EXIT.config, `${found} is set, which ${why}`);
}

function whyUnreadable(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "is not there";
  if (error instanceof Deno.errors.NotCapable) {
    return "this program may not read: deno task grants it, a separate program needs --allow-read for it";
  }
  if (error instanceof Deno.errors.PermissionDenied) return "this user may not read";
  if (error instanceof Deno.errors.IsADirectory) return "is a folder";
  return `cannot be read (${error instanceof Error ? error.name : "unknown error"})`;
}
