import { join } from "node:path";
import type { KafkaConnection } from "../../../lib/connections.ts";
import { Secret } from "../../../lib/secret.ts";
import { CA_FILE, readPassword } from "./secrets.ts";
import { secureFolder } from "./secure_folder.ts";
import type { User } from "./users.ts";

/** The connection to the secure stack in `dataDir`, which listens at `brokers`, as `user`. Permission: read. */
export function secureConnection(dataDir: string, brokers: readonly string[], user: User): KafkaConnection {
  const password = new Secret(readPassword(dataDir, user));
  return {
    brokers,
    tls: { ca: Deno.readTextFileSync(join(secureFolder(dataDir).tls, CA_FILE)) },
    sasl: { mechanism: "SCRAM-SHA-512", username: user, password, allowPlaintext: false },
  };
}
