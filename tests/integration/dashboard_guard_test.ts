import assert from "node:assert/strict";
import { errorOf, PAGE, startServer } from "../support/dashboard_server.ts";
import { askRaw } from "../support/raw_http.ts";

Deno.test("every answer, also an error, tells the browser to run only our own script and to keep the page to itself", async () => {
  const { server } = startServer();
  await using _ = server;
  const targets = ["/", "/page.js", "/uplot.js", "/uplot.css", "/api/orders", "/nothing", "/api/why"];
  const asked = targets.map((target) => [target, `127.0.0.1:${server.port}`]);
  for (const [target, host] of [...asked, ["/", "evil.example"]]) {
    const { headers } = await askRaw(server.port, target, { headers: { host } });
    assert.equal(
      headers.get("content-security-policy"),
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      target,
    );
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("referrer-policy"), "no-referrer");
    assert.match(headers.get("cache-control")!, /no-store/);
    assert.equal(headers.get("access-control-allow-origin"), null);
  }
});

Deno.test("a page whose name was made to lead to this machine is refused", async () => {
  const { server } = startServer();
  await using _ = server;
  const { port } = server;
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]) {
    assert.equal((await askRaw(port, "/", { headers: { host } })).status, 200, host);
  }
  for (
    const host of [
      "evil.example",
      `evil.example:${port}`,
      "127.0.0.1",
      `127.0.0.1:${port + 1}`,
      `localhost.:${port}`,
      "",
    ]
  ) {
    for (const target of ["/", "/events", "/api/orders", "/page.js"]) {
      const answer = await askRaw(port, target, { headers: { host } });
      assert.equal(answer.status, 403, `${host} ${target}`);
      assert.equal(errorOf(answer), `This page is only for this machine: open http://127.0.0.1:${port}/`);
    }
  }
});

Deno.test("it listens on loopback only", async () => {
  const { server } = startServer();
  await using _ = server;
  const others = Deno.networkInterfaces().filter(({ family, address }) => family === "IPv4" && address !== "127.0.0.1");
  for (const { address: hostname } of others) {
    await assert.rejects(Deno.connect({ hostname, port: server.port }), Deno.errors.ConnectionRefused, hostname);
  }
});

Deno.test("another page may link to this one and ask for nothing else", async () => {
  const { server } = startServer();
  await using _ = server;
  const ask = (target: string, headers: Record<string, string>) => askRaw(server.port, target, { headers });
  for (const site of ["cross-site", "same-site"]) {
    assert.equal((await ask("/", { "sec-fetch-site": site, "sec-fetch-mode": "navigate" })).status, 200);
    for (const target of ["/api/orders", "/events", "/page.js"]) {
      assert.equal((await ask(target, { "sec-fetch-site": site, "sec-fetch-mode": "no-cors" })).status, 403, target);
      assert.equal((await ask(target, { "sec-fetch-site": site, "sec-fetch-mode": "navigate" })).status, 403, target);
    }
  }
  assert.equal((await ask("/api/orders", { origin: "http://evil.example" })).status, 403);
  assert.equal((await ask("/api/orders", { origin: "null" })).status, 403);
  assert.equal((await ask("/api/orders", { origin: `http://127.0.0.1:${server.port}` })).status, 200);
  assert.equal((await ask("/api/orders", { "sec-fetch-site": "same-origin" })).status, 200);
});

Deno.test("an action needs the token of this start, of this page, and a name that is known", async () => {
  const { server, play } = startServer({ isPlay: true });
  await using _ = server;
  const { port } = server;
  const [, token] = /content="([0-9a-f]{64})"/.exec((await askRaw(port, "/")).body)!;
  assert.equal(token, play!.token);
  const good = { "x-dashboard-token": token, "content-type": "application/json" };
  const body = '{"action":"kill"}';
  const press = (headers: Record<string, string>, text = body) =>
    askRaw(port, "/api/play", { method: "POST", headers, body: text });
  const cases: [headers: Record<string, string>, body: string, status: number][] = [
    [{ "content-type": "application/json" }, body, 403],
    [{ ...good, "x-dashboard-token": "" }, body, 403],
    [{ ...good, "x-dashboard-token": token.slice(1) }, body, 403],
    [{ ...good, "x-dashboard-token": token.replace(/.$/, token.endsWith("0") ? "1" : "0") }, body, 403],
    [{ ...good, "x-dashboard-token": `${token}0` }, body, 403],
    [{ ...good, "sec-fetch-site": "cross-site" }, body, 403],
    [{ ...good, "sec-fetch-site": "same-site" }, body, 403],
    [{ ...good, origin: "http://evil.example" }, body, 403],
    [{ ...good, host: `evil.example:${port}` }, body, 403],
    [{ ...good, "content-type": "text/plain" }, body, 415],
    [good, `{"action":"${"x".repeat(300)}"}`, 413],
    [good, "{", 400],
    [good, '{"action":1}', 400],
    [good, "null", 400],
    [good, '{"action":"rm -rf"}', 404],
    [good, '{"action":"__proto__"}', 404],
    [{ ...good, origin: `http://127.0.0.1:${port}`, "sec-fetch-site": "same-origin" }, body, 409],
  ];
  for (const [headers, text, status] of cases) {
    const answer = await press(headers, text);
    assert.equal(answer.status, status, `${JSON.stringify(headers)} ${text}`);
    errorOf(answer);
  }
  assert.deepEqual(play!.answer().runs, []);
});

Deno.test("without play a page has no token, and no action is there", async () => {
  const { server } = startServer();
  await using _ = server;
  assert.equal((await askRaw(server.port, "/")).body, PAGE);
  const pressed = await askRaw(server.port, "/api/play", { method: "POST", body: '{"action":"send-10"}' });
  assert.equal(pressed.status, 404);
});
