import assert from "node:assert/strict";
import { EXIT, Failure } from "../../lib/errors.ts";
import { run } from "../../tools/audit.ts";

const NEVER = new AbortController().signal;
const REGISTRY = "NPM_CONFIG_REGISTRY";

/** Runs `audit` against a registry of its own that answers so. */
async function audited(answer: () => Response): Promise<number> {
  await using registry = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    await request.body?.cancel();
    return answer();
  });
  return await auditedAt(`http://127.0.0.1:${registry.addr.port}`);
}

async function auditedAt(url: string): Promise<number> {
  const before = Deno.env.get(REGISTRY);
  Deno.env.set(REGISTRY, url);
  try {
    return await run([], NEVER);
  } catch (error) {
    assert.ok(error instanceof Failure, `${error}`);
    assert.match(error.message, /^The registry of npm does not say which vulnerabilities are known: [^\n]+$/);
    return error.exit;
  } finally {
    if (before === undefined) Deno.env.delete(REGISTRY);
    else Deno.env.set(REGISTRY, before);
  }
}

Deno.test("audit passes without known vulnerabilities, fails with one, and says so if the registry does not", async () => {
  assert.equal(await audited(() => Response.json({})), EXIT.ok);
  const advisory = { id: 1, url: "https://example.com", title: "Try", severity: "high", vulnerable_versions: "*" };
  assert.equal(await audited(() => Response.json({ kafkajs: [advisory] })), EXIT.failed);
  assert.equal(await audited(() => new Response("no", { status: 503 })), EXIT.unavailable);
  assert.equal(await auditedAt("http://127.0.0.1:1"), EXIT.unavailable);
});

Deno.test("audit does not pass when it is stopped before it has an answer", async () => {
  const answer = run([], AbortSignal.abort());
  await assert.rejects(answer, (error) => error instanceof Failure && error.exit === EXIT.failed);
});
