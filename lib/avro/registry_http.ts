import { Buffer } from "node:buffer";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { text } from "node:stream/consumers";
import type { RegistryConnection } from "../connections.ts";
import { EXIT, messageOf, Outage } from "../errors.ts";

export const REQUEST_TIMEOUT_MS = 3_000;
const CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";

/** The registry is away or failing, is not a registry at all, or no longer lets this client in: wait and ask again. */
export class RegistryUnavailable extends Outage {
  constructor(message: string, options?: ErrorOptions) {
    super(EXIT.unavailable, message, options);
  }
}

/**
 * The registry does not accept this client, or the client does not trust the registry: waiting a little does not help.
 */
export class RegistryDenied extends Outage {
  constructor(message: string, options?: ErrorOptions) {
    super(EXIT.config, message, options);
  }
}

/** A request to the registry, and its answer as JSON; undefined if the registry says that there is no such thing. */
export type Ask = <T>(path: string, request?: { method?: string; body?: unknown; signal?: AbortSignal }) => Promise<
  T | undefined
>;

/**
 * Requests to the registry at `connection`. They reject with {@linkcode RegistryUnavailable} or
 * {@linkcode RegistryDenied}; no message contains credentials. Permission: net.
 */
export function registryHttp(connection: RegistryConnection): Ask {
  const { url, auth } = connection;
  const headers: Record<string, string> = { "content-type": CONTENT_TYPE };
  if (auth !== undefined) headers.authorization = authorization(auth);
  return async (path, { method = "GET", body, signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS) } = {}) => {
    const address = url + path;
    const answer = await send(address, { method, headers, body: JSON.stringify(body), signal }, connection);
    if (answer.ok) return parse(address, answer.text);
    if (answer.location !== undefined) throw sentOn(address, answer.location);
    // A 404 without the registry's own error code comes from something else, such as a wrong path or a proxy.
    if (answer.status === 404 && /"error_code"\s*:\s*404\d\d\b/.test(answer.text)) return undefined;
    if (answer.status === 401 || answer.status === 403) {
      throw registryDenied(`${method} ${address}`, answer.status, connection);
    }
    throw new RegistryUnavailable(`No answer from ${address}: status ${answer.status}`);
  };
}

interface Sent {
  method: string;
  headers: Record<string, string>;
  body: string | undefined;
  signal: AbortSignal;
}

interface Answer {
  ok: boolean;
  status: number;
  text: string;
  /** Where a redirect leads. */
  location: string | undefined;
}

async function send(address: string, sent: Sent, { ca }: RegistryConnection): Promise<Answer> {
  try {
    return await (address.startsWith("http:") ? sendInTheClear(address, sent) : sendByTls(address, sent, ca));
  } catch (cause) {
    const reason = reasonOf(cause);
    const fault = /invalid peer certificate: (.*)/.exec(reason)?.[1];
    if (fault !== undefined) {
      throw new RegistryDenied(`The certificate at ${address} ${untrusted(fault, ca)}`, { cause });
    }
    throw new RegistryUnavailable(`No answer from ${address}: ${reason}`, { cause });
  }
}

async function sendByTls(address: string, sent: Sent, ca: string | undefined): Promise<Answer> {
  // One per request: there are few, and this way nobody has to close it.
  using client = Deno.createHttpClient(ca === undefined ? {} : { caCerts: [ca] });
  const response = await fetch(address, { ...sent, client, redirect: "manual" });
  const { status, headers } = response;
  return answerOf(status, headers.get("location") ?? undefined, await response.text());
}

/**
 * Not with `fetch`: that goes through the proxy in `http_proxy`, which could read credentials meant for this machine.
 */
async function sendInTheClear(address: string, { body, signal, ...sent }: Sent): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = httpRequest(address, { ...sent, signal, agent: false }, resolve);
  request.on("error", (error) => reject(signal.aborted ? signal.reason : error));
  request.end(body);
  const response = await promise;
  return answerOf(response.statusCode ?? 0, response.headers.location, await text(response));
}

function answerOf(status: number, location: string | undefined, text: string): Answer {
  return {
    ok: status >= 200 && status < 300,
    status,
    text,
    location: status >= 300 && status < 400 ? location : undefined,
  };
}

/** Not followed: it may lead to an address without TLS, and the credentials are for the configured address only. */
function sentOn(address: string, location: string): RegistryDenied {
  const to = URL.canParse(location, address) ? new URL(location, address).origin : "another address";
  return new RegistryDenied(
    `The Schema Registry at ${address} sends clients on to ${to}: set SCHEMA_REGISTRY_URL to that`,
  );
}

/** What is wrong with a certificate, `fault` in the words of the TLS library. */
function untrusted(fault: string, ca: string | undefined): string {
  if (/not valid for name|NotValidForName/.test(fault)) {
    return "is for another host; take a name that it holds (SCHEMA_REGISTRY_URL)";
  }
  if (/expired|not valid yet/i.test(fault)) return "is not valid now: renew it, or set the clock of this machine";
  return ca === undefined
    ? "is of an unknown authority: name the file of that authority in SCHEMA_REGISTRY_CA_FILE"
    : "was signed by no authority in SCHEMA_REGISTRY_CA_FILE";
}

function parse<T>(address: string, text: string): T {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RegistryUnavailable(`No answer from ${address}: ${reasonOf(cause)}`, { cause });
  }
}

/** The header that authenticates the client. */
export function authorization(auth: NonNullable<RegistryConnection["auth"]>): string {
  if ("token" in auth) return `Bearer ${auth.token.reveal()}`;
  return `Basic ${Buffer.from(`${auth.username}:${auth.password.reveal()}`).toString("base64")}`;
}

/** The error for a client that the registry answered with `status`. */
export function registryDenied(what: string, status: 401 | 403, { auth }: RegistryConnection): RegistryDenied {
  const client = auth === undefined
    ? "this client without a login"
    : "token" in auth
    ? "this client's token"
    : auth.username;
  const names = auth !== undefined && "token" in auth
    ? "SCHEMA_REGISTRY_TOKEN"
    : auth === undefined
    ? "SCHEMA_REGISTRY_USERNAME and its password, or SCHEMA_REGISTRY_TOKEN"
    : "SCHEMA_REGISTRY_USERNAME and its password";
  const remedy = status === 401 || auth === undefined ? `check ${names}` : "an administrator grants it";
  return new RegistryDenied(`The Schema Registry denies access to ${client} (status ${status} to ${what}): ${remedy}`);
}

/** `fetch` itself only says that it failed; the wrapped error repeats the address. */
export function reasonOf(error: unknown): string {
  const said = error instanceof TypeError && error.cause instanceof Error ? error.cause : error;
  const message = oneLine(messageOf(said));
  return message.replace(/^error sending request .*?: client error \(\w+\): /, "");
}

/** Without the library's name and Java class at the start of the message. */
function oneLine(message: string): string {
  return message.replace(/\s+/g, " ").replace(/^Confluent_Schema_Registry - /, "").replace(/^[\w.]+Exception: /, "");
}
