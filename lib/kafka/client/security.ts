import { connect } from "node:net";
import type { ISocketFactory, KafkaConfig, SASLOptions } from "kafkajs";
import { isLoopback, type KafkaConnection } from "../../connections.ts";

/** As in kafkajs's own sockets, in milliseconds. */
const KEEP_ALIVE_MS = 60_000;

/** The reason when a broker sends the client to another machine, to which the password would go without TLS. */
export const PLAINTEXT_REFUSED = "credentials would go there without TLS";

/** kafkajs options for a secure connection: TLS, the login, and sockets that send no password without TLS. */
export function securityOptions({ tls, sasl }: KafkaConnection): Partial<KafkaConfig> {
  const options: Partial<KafkaConfig> = {};
  if (tls !== undefined) {
    const { ca, client } = tls;
    // Explicit, or NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment would accept any broker.
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

/** The configured addresses were checked before; brokers may advertise others. */
const loopbackOnly: ISocketFactory = ({ host, port, onConnect }) => {
  if (!isLoopback(host)) throw new Error(`${host}:${port}: ${PLAINTEXT_REFUSED}`);
  return connect({ host, port }, onConnect).setKeepAlive(true, KEEP_ALIVE_MS);
};
