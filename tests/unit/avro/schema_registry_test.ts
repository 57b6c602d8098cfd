import assert from "node:assert/strict";
import { registerOrderSchema } from "../../../lib/avro/schema_registry.ts";

/** The level that a new subject gets in a registry whose global one is `global`, which answers for subjects or not. */
async function levelUnder(global: string, { answersForSubjects }: { answersForSubjects: boolean }): Promise<string> {
  let level: string | undefined;
  let registered = false;
  const answer = async (request: Request) => {
    const { pathname, searchParams } = new URL(request.url);
    const isConfig = pathname.startsWith("/config/");
    if (request.method === "PUT") level = (await request.json()).compatibility;
    if (request.method === "POST") registered = true;
    if (!isConfig && pathname !== "/config") return Response.json({ id: 7 });
    const fallback = pathname === "/config" || (answersForSubjects && searchParams.has("defaultToGlobal"))
      ? global
      : undefined;
    const compatibilityLevel = level ?? fallback;
    return compatibilityLevel === undefined
      ? Response.json({ error_code: 40408, message: "No" }, { status: 404 })
      : Response.json({ compatibilityLevel });
  };
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, answer);
  assert.equal(await registerOrderSchema({ url: `http://127.0.0.1:${server.addr.port}` }, "orders-value"), 7);
  assert.ok(registered);
  return level ?? global;
}

for (const answersForSubjects of [true, false]) {
  const registry = answersForSubjects ? "Confluent" : "Apicurio";

  Deno.test(`registerOrderSchema() sets FULL where ${registry}'s global level is one that it came with`, async () => {
    for (const shipped of ["NONE", "BACKWARD"]) {
      assert.equal(await levelUnder(shipped, { answersForSubjects }), "FULL");
    }
  });

  Deno.test(`registerOrderSchema() goes by the global level that someone has set in ${registry}'s`, async () => {
    for (const chosen of ["BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE"]) {
      assert.equal(await levelUnder(chosen, { answersForSubjects }), chosen);
    }
  });
}

Deno.test("registerOrderSchema() sets the level also where another producer is setting it at the same moment", async () => {
  let [level, puts]: [string | undefined, number] = [undefined, 0];
  const answer = async (request: Request) => {
    if (request.method === "POST") return Response.json({ id: 7 });
    if (request.method === "PUT") {
      if (++puts <= 2) return Response.json({ error_code: 409 }, { status: 409 }); // as Apicurio does
      level = (await request.json()).compatibility;
    }
    if (level !== undefined) return Response.json({ compatibilityLevel: level });
    return Response.json({ error_code: 40408, message: "No" }, { status: 404 });
  };
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, answer);
  assert.equal(await registerOrderSchema({ url: `http://127.0.0.1:${server.addr.port}` }, "orders-value"), 7);
  assert.deepEqual([level, puts], ["FULL", 3]);
});
