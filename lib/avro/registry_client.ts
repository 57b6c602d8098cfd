import { Agent } from "node:https";
import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import type { RegistryConnection } from "../connections.ts";
import { authorization, REQUEST_TIMEOUT_MS } from "./registry_http.ts";

/** None of our own: then Deno takes the usual authorities. With none given at all it asks for a permission, `sys`. */
const USUAL = "";

type Middleware = NonNullable<ConstructorParameters<typeof SchemaRegistry>[0]["middlewares"]>[number];

/**
 * The client library for the registry at `connection`. Errors of its calls carry the `status` of the answer.
 *
 * It registers; what it cannot ask, which subjects an id belongs to, is `registry_http`'s, as is telling a registry
 * that is away, which the library reports as status 400. Permission: net.
 */
export function registryClient({ url, auth, ca }: RegistryConnection): SchemaRegistry {
  const headers: Record<string, string> = auth === undefined ? {} : { authorization: authorization(auth) };
  /** mappersmith, under the library, waits for ever by default. */
  const middleware: Middleware = () => ({
    request: (request) => Promise.resolve(request.enhance({ timeout: REQUEST_TIMEOUT_MS, headers })),
  });
  return new SchemaRegistry({
    host: url,
    middlewares: [middleware],
    agent: url.startsWith("https:") ? new Agent({ ca: ca ?? USUAL, rejectUnauthorized: true }) : undefined,
  });
}
