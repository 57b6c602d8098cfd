import pg from "pg";
import type { DatabaseConnection } from "../../connections.ts";
import { causesOf, EXIT, Failure, Outage } from "../../errors.ts";

/** `host:port/database`, as messages show it. */
export function placeOf({ host, port, database }: DatabaseConnection): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}/${database}`;
}

/** The SQLSTATE that the server gave, where it gave one. */
export function sqlState(error: unknown): string | undefined {
  for (const inner of causesOf(error)) if (inner instanceof pg.DatabaseError) return inner.code;
}

/** Serialization failure, deadlock, unique violation: two transactions met at one row. */
const CONFLICTS: readonly string[] = ["40001", "40P01", "23505"];

/**
 * What an error of the database, or of the connection to it, means: a {@linkcode Failure} (78) where a setting or right
 * is missing, an {@linkcode Outage} (69) where it passes or where the same transaction may succeed when tried again.
 */
export function databaseError(error: unknown, connection: DatabaseConnection): Error {
  if (error instanceof Failure || error instanceof TypeError || error instanceof RangeError) return error; // or a bug
  const code = sqlState(error);
  const place = placeOf(connection);
  if (code !== undefined && CONFLICTS.includes(code)) {
    return new Outage(EXIT.unavailable, `PostgreSQL at ${place}: others are in the way (${code})`, { cause: error });
  }
  const refusal = code === undefined ? settingRefusal(error, connection) : serverRefusal(code, error, connection);
  if (refusal !== undefined) return new Failure(EXIT.config, `PostgreSQL at ${place} ${refusal}`, { cause: error });
  if (code === undefined || passes(code)) {
    const why = `${messageOf(error)}${code === undefined ? "" : ` (${code})`}`;
    return new Outage(EXIT.unavailable, `PostgreSQL at ${place} is away: ${why}`, { cause: error });
  }
  return new Failure(EXIT.failed, `PostgreSQL at ${place}: ${messageOf(error)} (${code})`, { cause: error });
}

/** Connections (08), resources (53), a person or shutdown (57), I/O (58), a lock timeout, a standby. */
function passes(code: string): boolean {
  return /^(08|53|57|58)/.test(code) || ["55P03", "25006", "25P03"].includes(code);
}

function serverRefusal(code: string, error: unknown, { user, database }: DatabaseConnection): string | undefined {
  switch (code) {
    case "28P01":
      return `refuses the password of ${user}: check DATABASE_PASSWORD, or what DATABASE_URL holds`;
    case "28000":
      return `refuses the login of ${user} (${messageOf(error)}): check the user and sslmode in DATABASE_URL`;
    case "3D000":
      return `has no database of that name: create it (createdb ${database}), or set DATABASE_URL`;
    case "42501":
      return `denies it to ${user}: ${messageOf(error)}; grant it (docs/SECURITY.md)`;
  }
}

function settingRefusal(error: unknown, { tls, user }: DatabaseConnection): string | undefined {
  for (const { message, code = "" } of causesOf(error) as Iterable<Error & { code?: string }>) {
    if (/client password must be/.test(message)) return `asks for a password of ${user}: set DATABASE_PASSWORD`;
    if (/does not support SSL/.test(message)) {
      return "speaks no TLS: switch it on there, or add ?sslmode=disable to DATABASE_URL";
    }
    if (tls === undefined) continue;
    if (/SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|CERT_SIGNATURE_FAILURE|CERT_UNTRUSTED|INVALID_CA/.test(code)) {
      return tls.ca === undefined
        ? "shows a certificate of an unknown authority: name the file of that authority in DATABASE_CA_FILE"
        : "shows a certificate that no authority in DATABASE_CA_FILE has signed";
    }
    if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
      return "shows a certificate for another host: take a name that it holds (DATABASE_URL)";
    }
    if (/^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/.test(code)) {
      return "shows a certificate that is not valid now: renew it, or set the clock of this machine";
    }
    if (/ALERT_(BAD_CERT|CERT|UNKNOWN_CA|HANDSHAKE|NO_CERT|UNSUPPORTED_CERT)/.test(code)) {
      return "wants a certificate of the client: set DATABASE_CERT_FILE and DATABASE_KEY_FILE";
    }
  }
}

/** One line; an error about several addresses has no message of its own. */
function messageOf(error: unknown): string {
  const inner = error instanceof AggregateError ? error.errors[0] : error;
  return (inner instanceof Error ? inner.message : String(inner)).split("\n")[0];
}
