import { registerOrderSchema, requireRegistry } from "../../lib/avro/schema_registry.ts";
import { Secret } from "../../lib/secret.ts";

// Asks the registry that is given, and registers with it, as `produce` does.
const [url, token] = Deno.args;
const connection = { url, auth: { token: new Secret(token) } };
await requireRegistry(connection);
await registerOrderSchema(connection, "orders-value");
