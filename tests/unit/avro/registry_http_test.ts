import assert from "node:assert/strict";
import { SchemaType } from "@kafkajs/confluent-schema-registry";
import { ORDER_SCHEMA } from "../../../lib/avro/order_schema.ts";
import { registryClient } from "../../../lib/avro/registry_client.ts";
import { RegistryDenied, registryHttp, RegistryUnavailable } from "../../../lib/avro/registry_http.ts";
import { registerOrderSchema, requireRegistry, writerSchemas } from "../../../lib/avro/schema_registry.ts";
import type { RegistryConnection } from "../../../lib/connections.ts";
import { EXIT, Failure } from "../../../lib/errors.ts";
import { Secret } from "../../../lib/secret.ts";
import { makeCertificates } from "../../../tools/stack/secure/certificates.ts";

const CANARY = "canary-7d11";
const RIGHT = new Secret("right-ä-1");
const SUBJECT = "orders-value";
const BASIC = `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`alice:${RIGHT.reveal()}`)))}`;
const BEARER = "Bearer right-token";

const { ca, broker } = await makeCertificates();
const { ca: otherCa } = await makeCertificates();

interface Served {
  url: string;
  /** Of each request, its method, path and what it showed. */
  requests: { what: string; authorization: string | null }[];
}

/** A registry that lets in who shows `authorization`, and answers each request with its path. */
async function withRegistry(
  authorization: string,
  use: (served: Served) => Promise<void>,
  { tls, status = 401, hostname = "127.0.0.1", mayRegister = true }: {
    tls?: boolean;
    status?: number;
    hostname?: string;
    mayRegister?: boolean;
  } = {},
): Promise<void> {
  const requests: Served["requests"] = [];
  const answer = (request: Request) => {
    const { pathname } = new URL(request.url);
    const shown = request.headers.get("authorization");
    requests.push({ what: `${request.method} ${pathname}`, authorization: shown });
    if (shown !== authorization) return Response.json({ error_code: status, message: "No" }, { status });
    if (request.method === "POST" && !mayRegister) {
      return Response.json({ error_code: 403, message: "No" }, { status: 403 });
    }
    if (pathname.startsWith("/config/")) return Response.json({ compatibilityLevel: "BACKWARD" });
    return Response.json(pathname === "/subjects" ? [SUBJECT] : { id: 7 });
  };
  const secured = tls ? { cert: broker.certificate, key: broker.key } : {};
  const server = Deno.serve({ port: 0, hostname, onListen: () => {}, ...secured }, answer);
  try {
    await use({ url: `${tls ? "https" : "http"}://127.0.0.1:${server.addr.port}`, requests });
  } finally {
    await server.shutdown();
  }
}

const basic = (password: Secret) => ({ username: "alice", password });
const WAYS: [authorization: string, right: RegistryConnection["auth"], wrong: RegistryConnection["auth"]][] = [
  [BASIC, basic(RIGHT), basic(new Secret(CANARY))],
  [BEARER, { token: new Secret("right-token") }, { token: new Secret(CANARY) }],
];

function isRefusal(says: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof RegistryDenied, `${error}`);
    assert.equal(error.exit, EXIT.config);
    assert.match(error.message, says);
    assert.ok(!error.message.includes("\n"), error.message);
    const shown = Deno.inspect(error, { depth: 9, showHidden: true }) + error.stack;
    for (const secret of [CANARY, RIGHT.reveal(), BASIC, BEARER]) assert.ok(!shown.includes(secret), shown);
    return true;
  };
}

for (const [authorization, right, wrong] of WAYS) {
  const [way] = authorization.split(" ");

  Deno.test(`registerOrderSchema() and requireRegistry() show ${way} credentials with each request`, () =>
    withRegistry(authorization, async ({ url, requests }) => {
      await requireRegistry({ url, auth: right });
      assert.equal(await registerOrderSchema({ url, auth: right }, SUBJECT), 7);
      const config = `GET /config/${SUBJECT}`; // asked by us, then by the client library
      const asked = ["GET /subjects", config, config, `POST /subjects/${SUBJECT}/versions`];
      assert.deepEqual(requests, asked.map((what) => ({ what, authorization })));
    }));

  Deno.test(`a registry that refuses ${way} credentials is asked once, and named with what to check, exit 78`, () =>
    withRegistry(authorization, async ({ url, requests }) => {
      const says = way === "Basic"
        ? /^The Schema Registry denies access to alice \(status 401 to .*\): check SCHEMA_REGISTRY_USERNAME and its password$/
        : /^The Schema Registry denies access to this client's token \(status 401 .*\): check SCHEMA_REGISTRY_TOKEN$/;
      await assert.rejects(requireRegistry({ url, auth: wrong }), isRefusal(says));
      await assert.rejects(registerOrderSchema({ url, auth: wrong }, SUBJECT), isRefusal(says));
      await assert.rejects(requireRegistry({ url }), isRefusal(/without a login .*check SCHEMA_REGISTRY_USERNAME/));
      assert.equal(requests.length, 3);
    }));
}

Deno.test("a registry that forbids something says what, exit 78", () =>
  withRegistry(BASIC, async ({ url }) => {
    const schemas = writerSchemas({ url, auth: basic(new Secret(CANARY)) }, SUBJECT);
    const says =
      /^The Schema Registry denies access to alice \(status 403 to GET .*\/schemas\/ids\/1\/versions\S*\): an admin/;
    await assert.rejects(schemas.find(1), isRefusal(says));
  }, { status: 403 }));

Deno.test("registerOrderSchema() says that registering is forbidden, exit 78, and shows no secret", () =>
  withRegistry(BASIC, async ({ url }) => {
    const says =
      /^The Schema Registry denies access to alice \(status 403 to registering under orders-value\): an administrator/;
    await assert.rejects(registerOrderSchema({ url, auth: basic(RIGHT) }, SUBJECT), isRefusal(says));
  }, { mayRegister: false }));

Deno.test("registerOrderSchema() takes no answer without an id for one", async () => {
  const answers = (request: Request) => Response.json(request.method === "POST" ? {} : { compatibilityLevel: "FULL" });
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, answers);
  const url = `http://127.0.0.1:${server.addr.port}`;
  await assert.rejects(registerOrderSchema({ url }, SUBJECT), /its answer has no schema id/);
});

Deno.test("a registry that sends clients on is not followed, and named with where to, exit 78", async () => {
  let followed = false;
  await using other = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, () => {
    followed = true;
    return Response.json([]);
  });
  const to = `http://127.0.0.1:${other.addr.port}`;
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () => Response.redirect(`${to}/subjects`, 308),
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  const says = new RegExp(`sends clients on to ${to}: set SCHEMA_REGISTRY_URL to that$`);
  await assert.rejects(requireRegistry({ url, auth: basic(RIGHT) }), isRefusal(says));
  assert.equal(followed, false);
});

Deno.test("credentials for an http registry do not go to a proxy that the environment names", async () => {
  const proxied: string[] = [];
  await using proxy = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    proxied.push(request.url);
    return Response.json([]);
  });
  await withRegistry(BEARER, async ({ url, requests }) => {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "--no-prompt", "-P=kafka", "tests/support/ask_registry.ts", url, "right-token"],
      env: { http_proxy: `http://127.0.0.1:${proxy.addr.port}` },
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    assert.deepEqual([requests.length, proxied], [4, []]);
  });
});

Deno.test(
  "registryClient() looks at the usual authorities without a permission that commands do not have",
  // All that the tests have, but not `sys`.
  { permissions: { net: true, read: true, env: true, write: true, run: true } },
  () =>
    withRegistry(BASIC, async ({ url, requests }) => {
      const schema = { type: SchemaType.AVRO, schema: JSON.stringify(ORDER_SCHEMA) } as const;
      const register = (connection: RegistryConnection) =>
        registryClient(connection).register(schema, { subject: SUBJECT });
      await assert.rejects(register({ url, auth: basic(RIGHT) }), /certificate/);
      assert.equal(requests.length, 0);
      assert.equal((await register({ url, auth: basic(RIGHT), ca })).id, 7);
    }, { tls: true }),
);

Deno.test("registryHttp() trusts the authority it is given, and no other one", () =>
  withRegistry(BASIC, async ({ url, requests }) => {
    const auth = basic(RIGHT);
    assert.deepEqual(await registryHttp({ url, auth, ca })("/subjects"), [SUBJECT]);
    assert.equal(await registerOrderSchema({ url, auth, ca }, SUBJECT), 7);
    const answered = requests.length;
    const ask = (connection: RegistryConnection) => requireRegistry(connection);
    await assert.rejects(
      ask({ url, auth }),
      isRefusal(/^The certificate at \S+ is of an unknown authority: .*REGISTRY_CA_FILE$/),
    );
    await assert.rejects(
      ask({ url, auth, ca: otherCa }),
      isRefusal(/signed by no authority in SCHEMA_REGISTRY_CA_FILE$/),
    );
    const byOtherName = { url: url.replace("127.0.0.1", "127.0.0.2"), auth, ca };
    await assert.rejects(ask(byOtherName), isRefusal(/for another host; .*SCHEMA_REGISTRY_URL\)$/));
    assert.equal(requests.length, answered);
  }, { tls: true, hostname: "0.0.0.0" }));

Deno.test("a registry of TLS asked without it is unavailable, and so is one without TLS asked for it", async () => {
  const asked = async (url: string) => {
    await assert.rejects(registryHttp({ url, auth: basic(new Secret(CANARY)), ca })("/subjects"), (error) => {
      assert.ok(error instanceof RegistryUnavailable && error instanceof Failure, `${error}`);
      assert.match(error.message, /^No answer from https?:\/\/127\.0\.0\.1:\d+\/subjects: [^\n]+$/);
      assert.ok(!(Deno.inspect(error) + error.stack).includes(CANARY));
      return true;
    });
  };
  await withRegistry(BASIC, ({ url }) => asked(url.replace("https", "http")), { tls: true });
  await withRegistry(BASIC, ({ url }) => asked(url.replace("http", "https")));
});
