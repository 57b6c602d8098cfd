import assert from "node:assert/strict";
import { databaseError } from "../../../../lib/postgres/client/database_error.ts";
import { EXIT, Failure, Outage } from "../../../../lib/errors.ts";
import { serverError } from "../../../support/statements.ts";

const PLAIN = { host: "db.example", port: 5432, database: "shop", user: "consumer" };
const WITH_TLS = { ...PLAIN, tls: {} };

const of = (message: string, code?: string) => Object.assign(new Error(message), { code });

const OUTAGES = [
  "08006",
  "53300",
  "53100",
  "57P01",
  "57P02",
  "57P03",
  "55P03",
  "57014",
  "25006",
  "25P03",
  "40001",
  "40P01",
  "23505",
];

Deno.test("databaseError() takes for an outage what passes", () => {
  for (const code of OUTAGES) assert.ok(databaseError(serverError(code), PLAIN) instanceof Outage, code);
  const broken = [
    of("connect ECONNREFUSED", "ECONNREFUSED"),
    of("Connection terminated unexpectedly"),
    of("Query read timeout"),
  ];
  for (const error of broken) assert.ok(databaseError(error, PLAIN) instanceof Outage, error.message);
});

const REFUSED: Record<string, Error> = {
  "refuses the password of consumer: check DATABASE_PASSWORD": serverError("28P01"),
  "refuses the login of consumer": serverError("28000"),
  "has no database of that name": serverError("3D000"),
  "denies it to consumer": serverError("42501"),
  "asks for a password of consumer: set DATABASE_PASSWORD": of("SASL: client password must be a non-empty string"),
  "speaks no TLS": of("The server does not support SSL connections"),
  "DATABASE_CA_FILE": of("self-signed certificate", "DEPTH_ZERO_SELF_SIGNED_CERT"),
  "for another host": of("altnames", "ERR_TLS_CERT_ALTNAME_INVALID"),
  "not valid now": of("expired", "CERT_HAS_EXPIRED"),
  "DATABASE_CERT_FILE": of("alert", "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA"),
};

for (const [message, error] of Object.entries(REFUSED)) {
  Deno.test(`databaseError() names a setting, in one line: "${message}"`, () => {
    const failure = databaseError(error, WITH_TLS) as Failure;
    assert.ok(!(failure instanceof Outage));
    assert.equal(failure.exit, EXIT.config);
    assert.ok(failure.message.startsWith("PostgreSQL at db.example:5432/shop ") && failure.message.includes(message));
    assert.ok(!failure.message.includes("\n"));
  });
}

Deno.test("databaseError() takes what nobody foresaw for a failure, once", () => {
  const failure = databaseError(serverError("42601"), PLAIN) as Failure;
  assert.deepEqual([failure instanceof Outage, failure.exit], [false, EXIT.failed]);
  const bug = new TypeError("undefined is not a function");
  for (const known of [failure, bug]) assert.equal(databaseError(known, PLAIN), known);
});
