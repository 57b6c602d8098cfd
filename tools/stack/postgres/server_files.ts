import { HOST } from "../ports.ts";

/** Certificate and key of the server, in PEM; paths relative to its data. */
export interface ServerCertificate {
  certificateFile: string;
  keyFile: string;
}

/** `postgresql.conf` of a server for one machine; everything else is PostgreSQL's default. */
export function serverSettings({ port, tls }: { port: number; tls?: ServerCertificate }): string {
  return toText({
    "listen_addresses": HOST,
    "port": port,
    // No socket, which would be a second entrance.
    "unix_socket_directories": "",
    "max_connections": 100,
    "shared_buffers": "128MB",
    // Commits survive a power loss. Both are defaults, set explicitly so that nobody turns them off unnoticed.
    "fsync": "on",
    "synchronous_commit": "on",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_checkpoints": "off",
    ...(tls && { "ssl": "on", "ssl_cert_file": tls.certificateFile, "ssl_key_file": tls.keyFile }),
  });
}

/** `pg_hba.conf`: everybody by password, over TLS if the server has a certificate. */
export function accessRules({ tls }: { tls?: ServerCertificate }): string {
  return `${tls === undefined ? "host" : "hostssl"} all all ${HOST}/32 scram-sha-256\n`;
}

function toText(settings: Record<string, string | number>): string {
  return Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`).join("");
}
