import assert from "node:assert/strict";
import { accessRules, serverSettings } from "../../../../tools/stack/postgres/server_files.ts";

const TLS = { certificateFile: "a.pem", keyFile: "b.pem" };

Deno.test("serverSettings() keeps what is committed, and listens on this machine only", { permissions: "none" }, () => {
  const text = serverSettings({ port: 15_432 });
  for (
    const line of [
      "listen_addresses = '127.0.0.1'",
      "port = '15432'",
      "unix_socket_directories = ''",
      "fsync = 'on'",
      "synchronous_commit = 'on'",
      "password_encryption = 'scram-sha-256'",
    ]
  ) assert.ok(text.split("\n").includes(line), line);
  assert.doesNotMatch(text, /ssl/);
});

Deno.test(
  "serverSettings() and accessRules() of a secure server let nobody in without TLS",
  { permissions: "none" },
  () => {
    assert.match(
      serverSettings({ port: 1, tls: TLS }),
      /^ssl = 'on'\nssl_cert_file = 'a\.pem'\nssl_key_file = 'b\.pem'\n/m,
    );
    assert.equal(accessRules({ tls: TLS }), "hostssl all all 127.0.0.1/32 scram-sha-256\n");
    assert.equal(accessRules({}), "host all all 127.0.0.1/32 scram-sha-256\n");
  },
);
