import { createPrivateKey, X509Certificate } from "node:crypto";
import { EXIT, Failure } from "../errors.ts";
import { Secret } from "../secret.ts";
import { env, fileSetting } from "./environment.ts";

/** The certificates in the file that `name` names, in PEM. Permissions: env of the name, read of the file. */
export function certificateSetting(name: string): string | undefined {
  const text = fileSetting(name);
  if (text === undefined) return undefined;
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (blocks === null || !blocks.every(isCertificate)) {
    throw new Failure(EXIT.config, `${name} names a file that is not a certificate in PEM`);
  }
  return blocks.join("\n") + "\n"; // without a key that the file may contain too
}

/** The client's certificate and key, from the files that two variables name: both or none. */
export function clientCertificateSetting(
  certificateName: string,
  keyName: string,
): { certificate: string; key: Secret } | undefined {
  const [certificate, key] = [certificateSetting(certificateName), fileSetting(keyName)];
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined || key === undefined) {
    const [there, missing] = env(keyName) === undefined ? [certificateName, keyName] : [keyName, certificateName];
    throw new Failure(EXIT.config, `${there} is set and ${missing} is not: a certificate and its key go together`);
  }
  if (!belongsTo(certificate, requireKey(keyName, key))) {
    throw new Failure(EXIT.config, `${keyName} names the key of another certificate than ${certificateName}`);
  }
  return { certificate, key: new Secret(key) };
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}

function requireKey(name: string, pem: string) {
  if (/^-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    throw new Failure(EXIT.config, `${name} names an encrypted key: decrypt it with openssl pkey into a private file`);
  }
  try {
    return createPrivateKey(pem);
  } catch {
    // The error's message may quote the file.
    throw new Failure(EXIT.config, `${name} names a file that is not a private key in PEM`);
  }
}

function belongsTo(certificate: string, key: ReturnType<typeof createPrivateKey>): boolean {
  return new X509Certificate(certificate).checkPrivateKey(key);
}
