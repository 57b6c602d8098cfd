import { SASL_MECHANISMS } from "../../../lib/connections.ts";
import { HOST } from "../ports.ts";
import { CA_FILE, KEY_STORE_FILE } from "./secrets.ts";
import { SUPER_USERS, USER_NAMES } from "./users.ts";

const SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;";
const PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required";

/**
 * The part of `server.properties` that makes a broker secure.
 *
 * Clients log in with a password at the port `kafka`, or show a certificate at the port `tls`. Brokers and controllers
 * show each other theirs, so no port serves an unknown client. Paths are relative to the broker's working folder, and
 * passwords are read from their files, so that this one has none.
 */
export function secureProperties(
  { kafka, controller, tls }: { kafka: number; controller: number; tls: number },
): Record<string, string | number> {
  const users = USER_NAMES.map((name) => `user_${name}="\${passwords:../secure/passwords:${name}}"`);
  return {
    "listeners": `SASL_SSL://${HOST}:${kafka},SSL://${HOST}:${tls},CONTROLLER://${HOST}:${controller}`,
    "advertised.listeners": `SASL_SSL://${HOST}:${kafka},SSL://${HOST}:${tls}`,
    "listener.security.protocol.map": "SASL_SSL:SASL_SSL,SSL:SSL,CONTROLLER:SSL",
    "inter.broker.listener.name": "SSL",
    "ssl.keystore.type": "PEM",
    "ssl.keystore.location": `../secure/tls/${KEY_STORE_FILE}`,
    "ssl.truststore.type": "PEM",
    "ssl.truststore.location": `../secure/tls/${CA_FILE}`,
    "ssl.client.auth": "required",
    "ssl.principal.mapping.rules": "RULE:^CN=([^,]+)$/$1/",
    "listener.name.sasl_ssl.ssl.client.auth": "none",
    "sasl.enabled.mechanisms": SASL_MECHANISMS.join(","),
    "config.providers": "passwords",
    "config.providers.passwords.class": "org.apache.kafka.common.config.provider.DirectoryConfigProvider",
    "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": SCRAM,
    "listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config": SCRAM,
    "listener.name.sasl_ssl.plain.sasl.jaas.config": `${PLAIN} ${users.join(" ")};`,
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "false",
    "super.users": SUPER_USERS.map((name) => `User:${name}`).join(";"),
  };
}
