import { Agent } from "node:https";
import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import type { RegistryConnection } from "../connections.ts";
import { authorization, REQUEST_TIMEOUT_MS } from "./registry_http.ts";

/** An empty list: Deno then uses the usual authorities. Without the option it would ask for the `sys` permission. */
const USUAL = "";

type Middleware = NonNullable<ConstructorParameters<typeof SchemaRegistry>[0]["middlewares"]>[number];

/**
 * The client library for the registry at `connection`. Its errors carry the `status` of the answer.
 *
 * It only registers. Which subjects an id belongs to it cannot ask, and a registry that is away it reports as status
 * 400: both are left to `registry_http`. Permission: net.
 */
export function registryClient({ url, auth, ca }: RegistryConnection): SchemaRegistry {
  const headers: Record<string, string> = auth === undefined ? {} : { authorization: authorization(auth) };
  /** mappersmith, which the library uses, waits forever by default. */
  const middleware: Middleware = () => ({
    request: (request) => Promise.resolve(request.enhance({ timeout: REQUEST_TIMEOUT_MS, headers })),
  });
  return new SchemaRegistry({
    host: url,
    middlewares: [middleware],
    agent: url.startsWith("https:") ? new Agent({ ca: ca ?? USUAL, rejectUnauthorized: true }) : undefined,
  });
}
