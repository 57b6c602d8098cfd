import assert from "node:assert/strict";
import { join } from "node:path";
import { makeCertificates } from "../../../../tools/stack/secure/certificates.ts";
import { provideSecrets, readPassword } from "../../../../tools/stack/secure/secrets.ts";
import { isSecure, secureFolder } from "../../../../tools/stack/secure/secure_folder.ts";
import { USER_NAMES } from "../../../../tools/stack/secure/users.ts";

const HAS_MODES = Deno.build.os !== "windows";

async function inDataDir(check: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = Deno.makeTempDirSync();
  try {
    await check(dataDir);
  } finally {
    Deno.removeSync(dataDir, { recursive: true });
  }
}

function contents(folder: string): Record<string, string> {
  return Object.fromEntries(
    [...Deno.readDirSync(folder)].map(({ name }) => [name, Deno.readTextFileSync(join(folder, name))]),
  );
}

Deno.test("provideSecrets() makes secrets that nobody else may read", () =>
  inDataDir(async (dataDir) => {
    assert.equal(isSecure(dataDir), false);
    await provideSecrets(dataDir);
    assert.equal(isSecure(dataDir), true);
    const { path, tls, passwords } = secureFolder(dataDir);
    const mode = (path: string) => HAS_MODES ? Deno.statSync(path).mode! & 0o077 : 0;
    for (const folder of [path, tls, passwords]) {
      assert.equal(mode(folder), 0, folder);
      for (const { name } of Deno.readDirSync(folder)) assert.equal(mode(join(folder, name)), 0, name);
    }
    assert.ok(!Object.keys(contents(tls)).some((name) => /ca.*key/.test(name)), "the CA's key is kept");
  }));

Deno.test("provideSecrets() gives each user a password of its own, fit for every file", () =>
  inDataDir(async (dataDir) => {
    await provideSecrets(dataDir);
    const passwords = USER_NAMES.map((user) => readPassword(dataDir, user));
    assert.equal(new Set(passwords).size, USER_NAMES.length);
    for (const password of passwords) assert.match(password, /^[\w-]{32}$/);
  }));

Deno.test("provideSecrets() keeps what is there and makes what is missing", () =>
  inDataDir(async (dataDir) => {
    await provideSecrets(dataDir);
    const { tls, passwords } = secureFolder(dataDir);
    const before = [contents(tls), contents(passwords)];
    await provideSecrets(dataDir);
    assert.deepEqual([contents(tls), contents(passwords)], before);

    // As a kill leaves it between one folder and the other, with half a folder beside it.
    Deno.removeSync(tls, { recursive: true });
    Deno.mkdirSync(`${tls}.new`);
    await provideSecrets(dataDir);
    assert.deepEqual(Object.keys(contents(tls)).sort(), Object.keys(before[0]).sort());
    assert.deepEqual(contents(passwords), before[1]);
  }));

Deno.test("provideSecrets() makes certificates anew where an earlier version made none for the database", () =>
  inDataDir(async (dataDir) => {
    await provideSecrets(dataDir);
    const { tls } = secureFolder(dataDir);
    const before = contents(tls);
    Deno.removeSync(join(tls, "postgres.pem"));
    await provideSecrets(dataDir);
    const after = contents(tls);
    for (const [name, text] of Object.entries(before)) assert.notEqual(after[name], text, name);
  }));

Deno.test("provideSecrets() makes certificates anew that end within a month", () =>
  inDataDir(async (dataDir) => {
    await provideSecrets(dataDir);
    const { tls, passwords } = secureFolder(dataDir);
    const before = [contents(tls), contents(passwords)];
    const { ca } = await makeCertificates(new Date(Date.now() - 340 * 86_400_000));
    Deno.writeTextFileSync(join(tls, "ca.crt"), ca);
    await provideSecrets(dataDir);
    const after = contents(tls);
    for (const [name, text] of Object.entries(before[0])) assert.notEqual(after[name], text, name);
    assert.deepEqual(contents(passwords), before[1]);
  }));
