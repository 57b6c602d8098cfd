import { optional } from "@optique/core/modifiers";
import { option } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import { type DatabaseConnection, isLoopback } from "../connections.ts";
import { EXIT, Failure } from "../errors.ts";
import { Secret } from "../secret.ts";
import { env, refuseSettings, secretSetting } from "./environment.ts";
import { line } from "./parse.ts";
import { certificateSetting, clientCertificateSetting } from "./pem_settings.ts";

/** The flag of every command that can work on a database in place of the storage folder. */
export const databaseFlag = {
  database: optional(option("--database", string({ metavar: "URL" }), {
    description: line("PostgreSQL in place of the storage folder; also DATABASE_URL"),
  })),
};

const CA_NAME = "DATABASE_CA_FILE";
const CLIENT_NAMES = ["DATABASE_CERT_FILE", "DATABASE_KEY_FILE"] as const;
const TLS_NAMES = [CA_NAME, ...CLIENT_NAMES];
const PASSWORD_NAMES = ["DATABASE_PASSWORD", "DATABASE_PASSWORD_FILE"];
const FORM = "postgres://USER@HOST/DATABASE";

/**
 * The database named by flag or by `DATABASE_URL`; undefined where neither names one: the storage folder is used.
 *
 * A {@linkcode Failure} (78) names what is wrong and never shows the URL, which may hold a password.
 * Permissions: env of the `DATABASE_*` names, read of the files they name.
 */
export function databaseSetting(
  flags: { database: string | undefined; allowPlaintextCredentials?: boolean },
): DatabaseConnection | undefined {
  const text = flags.database ?? env("DATABASE_URL");
  if (text === undefined) {
    refuseSettings([...PASSWORD_NAMES, ...TLS_NAMES], "needs DATABASE_URL");
    return undefined;
  }
  const setting = flags.database === undefined ? "DATABASE_URL" : "--database";
  const url = parseUrl(text, setting);
  if (url.password !== "" && flags.database !== undefined) {
    // Everyone on the machine can see the flags of a process.
    throw new Failure(EXIT.config, "--database must not hold a password: it goes into DATABASE_PASSWORD, or _FILE");
  }
  const connection: DatabaseConnection = {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(url.port || 5432),
    database: decodePart(url.pathname.slice(1), setting),
    user: decodePart(url.username, setting),
    ...passwordSetting(url, setting),
    ...tlsSetting(url, setting),
  };
  if (connection.tls === undefined && !isLoopback(connection.host) && !flags.allowPlaintextCredentials) {
    const remedy = "leave sslmode=disable out of it, or pass --allow-plaintext-credentials";
    throw new Failure(EXIT.config, `${setting} would go to ${connection.host} without TLS: ${remedy}`);
  }
  return connection;
}

function parseUrl(text: string, setting: string): URL {
  if (!URL.canParse(text) || !/^postgres(ql)?:$/.test(new URL(text).protocol)) {
    throw new Failure(EXIT.config, `${setting} must be ${FORM}`);
  }
  const url = new URL(text);
  const missing = url.hostname === ""
    ? "host"
    : url.username === ""
    ? "user"
    : /^\/[^/]+$/.test(url.pathname)
    ? ""
    : "database";
  if (missing !== "") throw new Failure(EXIT.config, `${setting} must name a ${missing}: ${FORM}`);
  const unknown = [...url.searchParams.keys()].find((name) => name !== "sslmode");
  if (unknown !== undefined) {
    throw new Failure(EXIT.config, `${setting} holds ?${unknown}=, which is not known: only ?sslmode= is`);
  }
  return url;
}

function passwordSetting(url: URL, setting: string): { password?: Secret } {
  const separate = secretSetting("DATABASE_PASSWORD");
  if (url.password === "") return separate === undefined ? {} : { password: separate };
  if (separate !== undefined) {
    throw new Failure(
      EXIT.config,
      `${setting} holds a password and DATABASE_PASSWORD is set as well: take one of them out`,
    );
  }
  return { password: new Secret(decodePart(url.password, setting)) };
}

/** TLS to any other machine; to this one only where a TLS setting is given. */
function tlsSetting(url: URL, setting: string): Pick<DatabaseConnection, "tls"> {
  const given = url.searchParams.get("sslmode");
  if (given !== null && given !== "verify-full" && given !== "disable") {
    throw new Failure(
      EXIT.config,
      `${setting} must have sslmode=verify-full, or disable: others do not check the server`,
    );
  }
  const isSet = TLS_NAMES.some((name) => env(name) !== undefined);
  const isLocal = isLoopback(url.hostname);
  if (given === "disable" || (given === null && isLocal && !isSet)) {
    refuseSettings(TLS_NAMES, `needs sslmode=verify-full in ${setting}`);
    return {};
  }
  const [ca, client] = [certificateSetting(CA_NAME), clientCertificateSetting(...CLIENT_NAMES)];
  return { tls: { ...(ca === undefined ? {} : { ca }), ...(client === undefined ? {} : { client }) } };
}

function decodePart(text: string, setting: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Failure(EXIT.config, `${setting} holds a % that is not followed by two hex digits: write it as %25`);
  }
}
