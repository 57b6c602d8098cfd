import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
// @ts-types="@types/node-forge"
import forge from "node-forge";
import { expiresWithin, makeCertificates } from "../../../../tools/stack/secure/certificates.ts";
import { USER_NAMES } from "../../../../tools/stack/secure/users.ts";

const NOW = new Date();
const { ca, broker, database, clients } = await makeCertificates(NOW);
const authority = new X509Certificate(ca);
const servers = { broker, postgres: database };
const all = { ...servers, ...clients };

Deno.test("makeCertificates() makes one for the brokers, the database and each user", { permissions: "none" }, () => {
  assert.deepEqual(Object.keys(clients), USER_NAMES);
  for (const [name, { certificate }] of Object.entries(all)) {
    assert.equal(new X509Certificate(certificate).subject, `CN=${name}`);
  }
});

Deno.test("makeCertificates() signs them by the CA, and none of them signs others", { permissions: "none" }, () => {
  assert.ok(authority.ca);
  for (const { certificate } of Object.values(all)) {
    const leaf = new X509Certificate(certificate);
    assert.ok(leaf.verify(authority.publicKey) && leaf.checkIssued(authority));
    assert.equal(leaf.ca, false);
  }
});

Deno.test("makeCertificates() names the keys, as strict clients want it", { permissions: "none" }, () => {
  const idOf = (pem: string) => forge.pki.certificateFromPem(pem).generateSubjectKeyIdentifier().getBytes();
  const extension = (pem: string, name: string): { value: string } =>
    forge.pki.certificateFromPem(pem).getExtension({ name }) as { value: string };
  for (const certificate of [ca, ...Object.values(all).map(({ certificate }) => certificate)]) {
    assert.ok(extension(certificate, "subjectKeyIdentifier").value.endsWith(idOf(certificate)));
    assert.ok(extension(certificate, "authorityKeyIdentifier").value.endsWith(idOf(ca)));
  }
});

Deno.test("makeCertificates() gives each the key that belongs to it", { permissions: "none" }, () => {
  for (const { certificate, key } of Object.values(all)) {
    assert.match(key, /^-----BEGIN PRIVATE KEY-----\n/);
    assert.ok(new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key)));
  }
});

Deno.test("makeCertificates() names the servers' host, and no user's", { permissions: "none" }, () => {
  for (const { certificate } of Object.values(servers)) {
    const ofServer = new X509Certificate(certificate);
    assert.equal(ofServer.checkHost("localhost"), "localhost");
    assert.equal(ofServer.checkIP("127.0.0.1"), "127.0.0.1");
    assert.equal(ofServer.checkHost("example.com"), undefined);
  }
  assert.equal(new X509Certificate(clients.producer.certificate).subjectAltName, undefined);
});

Deno.test("makeCertificates() lets the database be no client, as a broker is", { permissions: "none" }, () => {
  const usage = (pem: string) => forge.pki.certificateFromPem(pem).getExtension({ name: "extKeyUsage" });
  assert.deepEqual(
    [broker, database].map(({ certificate }) => (usage(certificate) as { clientAuth?: boolean }).clientAuth ?? false),
    [true, false],
  );
});

Deno.test("makeCertificates() gives each a serial number of its own, no negative one", { permissions: "none" }, () => {
  const serials = Object.values(all).map(({ certificate }) => new X509Certificate(certificate).serialNumber);
  assert.equal(new Set(serials).size, serials.length);
  for (const serial of serials) assert.match(serial, /^[4-7][0-9A-F]{31}$/i);
});

Deno.test("expiresWithin() sees that they last a year", { permissions: "none" }, () => {
  for (const certificate of [ca, ...Object.values(all).map(({ certificate }) => certificate)]) {
    assert.equal(expiresWithin(364, certificate, NOW), false);
    assert.equal(expiresWithin(366, certificate, NOW), true);
  }
});
