import { connect } from "node:net";
import type { ISocketFactory, KafkaConfig, SASLOptions } from "kafkajs";
import { isLoopback, type KafkaConnection } from "../../connections.ts";

/** As kafkajs's own sockets have it, in milliseconds. */
const KEEP_ALIVE_MS = 60_000;

/** A broker sent the client to another machine, where the password would go in the clear. */
export const PLAINTEXT_REFUSED = "credentials would go there without TLS";

/** How kafkajs secures a connection: TLS, the login, and sockets that send no password in the clear. */
export function securityOptions({ tls, sasl }: KafkaConnection): Partial<KafkaConfig> {
  const options: Partial<KafkaConfig> = {};
  if (tls !== undefined) {
    const { ca, client } = tls;
    // Said, or NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment would let any broker in.
    const rejectUnauthorized = true;
    options.ssl = { ca, cert: client?.certificate, key: client?.key.reveal(), rejectUnauthorized };
  }
  if (sasl !== undefined) {
    const { mechanism, username, password } = sasl;
    options.sasl = { mechanism: mechanism.toLowerCase(), username, password: password.reveal() } as SASLOptions;
    if (tls === undefined && !sasl.allowPlaintext) options.socketFactory = loopbackOnly;
  }
  return options;
}

/** The addresses that were asked for have been looked at; brokers advertise others. */
const loopbackOnly: ISocketFactory = ({ host, port, onConnect }) => {
  if (!isLoopback(host)) throw new Error(`${host}:${port}: ${PLAINTEXT_REFUSED}`);
  return connect({ host, port }, onConnect).setKeepAlive(true, KEEP_ALIVE_MS);
};
