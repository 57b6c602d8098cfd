import assert from "node:assert/strict";
import { databaseSetting } from "../../../lib/cli/database_settings.ts";
import { EXIT, Failure } from "../../../lib/errors.ts";

const CANARY = "canary-3d1f";
const NAMES = ["DATABASE_URL", "DATABASE_PASSWORD"];

function settingOf(
  env: Record<string, string>,
  flags: { database?: string; allowPlaintextCredentials?: boolean } = {},
) {
  for (const name of NAMES) Deno.env.delete(name);
  for (const [name, value] of Object.entries(env)) Deno.env.set(name, value);
  try {
    return databaseSetting({ database: undefined, ...flags });
  } finally {
    for (const name of NAMES) Deno.env.delete(name);
  }
}

Deno.test("databaseSetting() is none where no database is named", () => {
  assert.equal(settingOf({}), undefined);
});

Deno.test("databaseSetting() takes the parts of the URL, the password from it or beside it", () => {
  const inside = settingOf({ DATABASE_URL: `postgres://o%40x:${CANARY}@localhost/shop` })!;
  assert.deepEqual({ ...inside, password: inside.password!.reveal() }, {
    host: "localhost",
    port: 5432,
    database: "shop",
    user: "o@x",
    password: CANARY,
  });
  const beside = settingOf({ DATABASE_PASSWORD: CANARY }, { database: "postgresql://o@[::1]:99/shop" })!;
  assert.deepEqual([beside.host, beside.port, beside.password!.reveal()], ["::1", 99, CANARY]);
});

Deno.test("databaseSetting() goes to another machine by TLS, unless two settings say otherwise", () => {
  const remote = "postgres://o@db.example/shop";
  assert.deepEqual(settingOf({ DATABASE_URL: remote })!.tls, {});
  assert.deepEqual(settingOf({ DATABASE_URL: "postgres://o@localhost/shop?sslmode=verify-full" })!.tls, {});
  const inTheClear = { DATABASE_URL: `${remote}?sslmode=disable` };
  assert.throws(() => settingOf(inTheClear), /without TLS/);
  assert.equal(settingOf(inTheClear, { allowPlaintextCredentials: true })!.tls, undefined);
});

const REFUSED: Record<string, [Record<string, string>, { database?: string }?]> = {
  "must be postgres://": [{ DATABASE_URL: `mysql://o:${CANARY}@localhost/shop` }],
  "must be postgres://USER": [{ DATABASE_URL: CANARY }],
  "must name a user": [{ DATABASE_URL: "postgres://localhost/shop" }],
  "must name a database": [{ DATABASE_URL: `postgres://o:${CANARY}@localhost` }],
  "must not hold a password": [{}, { database: `postgres://o:${CANARY}@localhost/shop` }],
  "is set as well": [{ DATABASE_URL: `postgres://o:${CANARY}@localhost/shop`, DATABASE_PASSWORD: CANARY }],
  "holds ?sslkey=": [{ DATABASE_URL: `postgres://o@localhost/shop?sslkey=${CANARY}` }],
  "must have sslmode=verify-full": [{ DATABASE_URL: `postgres://o:${CANARY}@localhost/shop?sslmode=require` }],
  "DATABASE_PASSWORD is set, which needs DATABASE_URL": [{ DATABASE_PASSWORD: CANARY }],
  "write it as %25": [{ DATABASE_URL: `postgres://o:${CANARY}%zz@localhost/shop` }],
};

for (const [message, [env, flags]] of Object.entries(REFUSED)) {
  Deno.test(`databaseSetting() says "${message}" and shows nothing of the setting`, () => {
    assert.throws(() => settingOf(env, flags), (error: Failure) => {
      assert.equal(error.exit, EXIT.config);
      assert.ok(error.message.includes(message), error.message);
      assert.ok(!error.message.includes(CANARY), error.message);
      return true;
    });
  });
}
