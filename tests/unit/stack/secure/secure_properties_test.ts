import assert from "node:assert/strict";
import { serverProperties } from "../../../../tools/stack/server_properties.ts";

const NODES = [{ kafka: 1, controller: 4, tls: 7 }, { kafka: 2, controller: 5, tls: 8 }, {
  kafka: 3,
  controller: 6,
  tls: 9,
}];

function settings(): Record<string, string> {
  return Object.fromEntries(serverProperties(2, NODES).trim().split("\n").map((line) => line.split(/=(.*)/s, 2)));
}

Deno.test("serverProperties() of a secure stack has no listener in the clear", { permissions: "none" }, () => {
  const { listeners, "listener.security.protocol.map": protocols } = settings();
  assert.equal(listeners, "SASL_SSL://127.0.0.1:2,SSL://127.0.0.1:8,CONTROLLER://127.0.0.1:5");
  assert.equal(protocols, "SASL_SSL:SASL_SSL,SSL:SSL,CONTROLLER:SSL");
});

Deno.test(
  "serverProperties() of a secure stack wants a certificate where nobody logs in",
  { permissions: "none" },
  () => {
    const properties = settings();
    assert.equal(properties["ssl.client.auth"], "required");
    const exceptions = Object.keys(properties).filter((name) => /^listener\..*ssl\.client\.auth$/.test(name));
    assert.deepEqual(exceptions, ["listener.name.sasl_ssl.ssl.client.auth"]);
    assert.equal(properties["inter.broker.listener.name"], "SSL");
  },
);

Deno.test("serverProperties() of a secure stack gives no right to who has none", { permissions: "none" }, () => {
  const properties = settings();
  assert.equal(properties["allow.everyone.if.no.acl.found"], "false");
  assert.equal(properties["authorizer.class.name"], "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
  assert.equal(properties["super.users"], "User:admin;User:broker");
});

Deno.test("serverProperties() of an open stack names no secret", { permissions: "none" }, () => {
  const text = serverProperties(1, [{ kafka: 1, controller: 2 }]);
  assert.doesNotMatch(text, /ssl|sasl|passwords|super\.users/i);
});
