import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
// @ts-types="@types/node-forge"
import forge from "node-forge";
import { HOST } from "../ports.ts";
import { BROKER_NAME, DATABASE_NAME, USER_NAMES } from "./users.ts";

const VALID_DAYS = 365;
/** Valid from a little earlier, for clocks that are slow. */
const BACKDATED_DAYS = 1;
const DAY_MS = 86_400_000;
const KEY_BITS = 2048;
const DNS_NAME = 2;
const IP_ADDRESS = 7;

/** In PEM; the key in PKCS #8, not encrypted. */
export interface Certified {
  certificate: string;
  key: string;
}

export interface Certificates {
  /** The certificate of the CA that all others are signed by. */
  ca: string;
  /** Of brokers and controllers, for clients and for one another. */
  broker: Certified;
  /** Of PostgreSQL, for its clients. */
  database: Certified;
  /** By user; the common name is the user's name. */
  clients: Record<string, Certified>;
}

/**
 * Creates a CA and the certificates it signs, valid for a year. The CA's key is not kept, so nobody can sign for this
 * stack again.
 *
 * Takes about a second, mostly to find primes with node; node-forge would take several times that.
 */
export async function makeCertificates(now = new Date()): Promise<Certificates> {
  const names = [BROKER_NAME, DATABASE_NAME, ...USER_NAMES];
  const [caKeys, ...keys] = await Promise.all([makeKeys(), ...names.map(makeKeys)]);
  const issuer = {
    name: "order pipeline CA",
    key: forge.pki.privateKeyFromPem(caKeys.key),
    keyId: keyIdOf(forge.pki.publicKeyFromPem(caKeys.publicKey)),
  };
  const certify = (name: string, publicKey: string, extensions: object[]) =>
    toPem({ name, publicKey, extensions, issuer, now });
  const ca = certify(issuer.name, caKeys.publicKey, [
    { name: "basicConstraints", cA: true, critical: true },
    { name: "keyUsage", keyCertSign: true, critical: true },
  ]);
  const certified = names.map((name, index): [string, Certified] => {
    const { publicKey, key } = keys[index];
    return [name, { key, certificate: certify(name, publicKey, SERVER_USES[name] ?? CLIENT_USE) }];
  });
  const { [BROKER_NAME]: broker, [DATABASE_NAME]: database, ...clients } = Object.fromEntries(certified);
  return { ca, broker, database, clients };
}

/** Whether a certificate in PEM is no longer valid `days` after `now`. */
export function expiresWithin(days: number, certificate: string, now = new Date()): boolean {
  const { validity } = forge.pki.certificateFromPem(certificate);
  return validity.notAfter.getTime() < now.getTime() + days * DAY_MS;
}

const LEAF = [
  { name: "basicConstraints", cA: false, critical: true },
  { name: "keyUsage", digitalSignature: true, keyEncipherment: true, critical: true },
];
const CLIENT_USE = [...LEAF, { name: "extKeyUsage", clientAuth: true }];
const OWN_HOST = {
  name: "subjectAltName",
  altNames: [{ type: DNS_NAME, value: "localhost" }, { type: IP_ADDRESS, ip: HOST }],
};
const SERVER_USES: Readonly<Record<string, object[]>> = {
  /** One for all brokers, which listen on the same host. A broker is also a client of the other brokers. */
  [BROKER_NAME]: [...LEAF, { name: "extKeyUsage", serverAuth: true, clientAuth: true }, OWN_HOST],
  [DATABASE_NAME]: [...LEAF, { name: "extKeyUsage", serverAuth: true }, OWN_HOST],
};

interface CertificateRequest {
  name: string;
  publicKey: string;
  extensions: object[];
  issuer: { name: string; key: forge.pki.rsa.PrivateKey; keyId: string };
  now: Date;
}

function toPem({ name, publicKey, extensions, issuer, now }: CertificateRequest): string {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = serialNumber();
  certificate.validity.notBefore = new Date(now.getTime() - BACKDATED_DAYS * DAY_MS);
  certificate.validity.notAfter = new Date(now.getTime() + VALID_DAYS * DAY_MS);
  certificate.setSubject([{ name: "commonName", value: name }]);
  certificate.setIssuer([{ name: "commonName", value: issuer.name }]);
  // Strict clients, such as Python 3.13 and later, require the key identifiers.
  const keyIds = [{ name: "subjectKeyIdentifier" }, { name: "authorityKeyIdentifier", keyIdentifier: issuer.keyId }];
  certificate.setExtensions([...extensions, ...keyIds]);
  certificate.sign(issuer.key, forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate).replaceAll("\r", "");
}

function keyIdOf(key: forge.pki.PublicKey): string {
  return forge.pki.getPublicKeyFingerprint(key, { type: "RSAPublicKey" }).getBytes();
}

/**
 * 16 random bytes in hex. The first is below 0x80, because the number is signed, and not zero, because it is not
 * padded.
 */
function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = bytes[0] & 0x3f | 0x40;
  return bytes.toHex();
}

async function makeKeys(): Promise<{ publicKey: string; key: string }> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)("rsa", {
    modulusLength: KEY_BITS,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  return { publicKey, key: privateKey };
}
