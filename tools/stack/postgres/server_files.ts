import { HOST } from "../ports.ts";

/** Of the server, in PEM, seen from its data. */
export interface ServerCertificate {
  certificateFile: string;
  keyFile: string;
}

/** `postgresql.conf` of a server for one machine; all that is not here is as PostgreSQL has it. */
export function serverSettings({ port, tls }: { port: number; tls?: ServerCertificate }): string {
  return toText({
    "listen_addresses": HOST,
    "port": port,
    // No second way in, past the passwords.
    "unix_socket_directories": "",
    "max_connections": 100,
    "shared_buffers": "128MB",
    // What is committed outlives a power loss. Both are PostgreSQL's own; nobody should turn them off unseen.
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

/** `pg_hba.conf`: everybody by password, over TLS where the server has a certificate. */
export function accessRules({ tls }: { tls?: ServerCertificate }): string {
  return `${tls === undefined ? "host" : "hostssl"} all all ${HOST}/32 scram-sha-256\n`;
}

function toText(settings: Record<string, string | number>): string {
  return Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`).join("");
}
