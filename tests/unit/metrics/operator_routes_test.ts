import assert from "node:assert/strict";
import { type OperatorAnswers, operatorRoute } from "../../../lib/metrics/operator_routes.ts";

const READY: OperatorAnswers = { scrape: () => Promise.resolve("a_total 1\n"), complaint: () => undefined };

function get(path: string, answers = READY, method = "GET"): Promise<Response | undefined> {
  return operatorRoute(new Request(`http://localhost${path}`, { method }), answers);
}

Deno.test("operatorRoute() answers /metrics in Prometheus' text format", async () => {
  const answer = await get("/metrics?x=1");
  assert.equal(answer?.status, 200);
  assert.equal(answer.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  assert.equal(await answer.text(), "a_total 1\n");
});

Deno.test("operatorRoute() is ready, or says with 503 why not; alive it is all the same", async () => {
  assert.equal((await get("/health/ready"))?.status, 200);
  const away = { ...READY, complaint: () => "Kafka is away" };
  const answer = await get("/health/ready", away);
  assert.deepEqual([answer?.status, await answer?.text()], [503, "Kafka is away\n"]);
  assert.equal((await get("/health/live", away))?.status, 200);
});

Deno.test("operatorRoute() leaves other paths to others, and only answers GET and HEAD", async () => {
  for (const path of ["/", "/metrics/", "/health", "/constructor"]) assert.equal(await get(path), undefined, path);
  assert.equal((await get("/metrics", READY, "HEAD"))?.status, 200);
  assert.equal((await get("/metrics", READY, "POST"))?.status, 405);
});
