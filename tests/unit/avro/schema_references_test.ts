import assert from "node:assert/strict";
import type { Ask } from "../../../lib/avro/registry_http.ts";
import { referencedSchemas, type RegisteredSchema } from "../../../lib/avro/schema_references.ts";

/** A registry that has these schemas as version 1 of the subject of their name, and the paths it was asked. */
function registryOf(schemas: (subject: string) => RegisteredSchema | undefined): { ask: Ask; asked: string[] } {
  const asked: string[] = [];
  const ask: Ask = <T>(path: string) => {
    asked.push(path);
    const subject = /^\/subjects\/(.*)\/versions\/1\?deleted=true$/.exec(path)![1];
    return Promise.resolve(schemas(decodeURIComponent(subject)) as T | undefined);
  };
  return { ask, asked };
}

function refersTo(...subjects: string[]): RegisteredSchema {
  const references = subjects.map((subject) => ({ name: `com.example.${subject}`, subject, version: 1 }));
  return { schema: `"refers to ${subjects}"`, references };
}

Deno.test("referencedSchemas() gives each schema once, behind those it needs", { permissions: "none" }, async () => {
  const schemas: Record<string, RegisteredSchema> = {
    left: refersTo("leaf"),
    right: refersTo("leaf"),
    leaf: { schema: '"leaf"' },
  };
  const { ask, asked } = registryOf((subject) => schemas[subject]);
  assert.deepEqual(await referencedSchemas(ask, refersTo("left", "right")), {
    references: ['"leaf"', '"refers to leaf"', '"refers to leaf"'],
  });
  assert.equal(asked.length, 3);
  assert.deepEqual(await referencedSchemas(ask, { schema: '"string"' }), { references: [] });
});

Deno.test("referencedSchemas() names what is not in the registry", { permissions: "none" }, async () => {
  const { ask, asked } = registryOf((subject) => subject === "a" ? refersTo("b/c") : undefined);
  assert.deepEqual(await referencedSchemas(ask, refersTo("a")), {
    missing: "com.example.b/c in version 1 of b/c, which is not in the registry",
  });
  assert.deepEqual(asked.at(-1), "/subjects/b%2Fc/versions/1?deleted=true");
});

Deno.test("referencedSchemas() ends, however many references there are", { permissions: "none" }, async (t) => {
  const endless = {
    "a chain": (subject: string) => refersTo(`${subject}x`),
    "a tree": (subject: string) => refersTo(`${subject}l`, `${subject}r`),
    "a schema with many": () => refersTo(...Array.from({ length: 1_000 }, (_, index) => `${index}`)),
  };
  for (const [what, schemas] of Object.entries(endless)) {
    await t.step(what, async () => {
      const { ask, asked } = registryOf(schemas);
      assert.deepEqual(await referencedSchemas(ask, refersTo("a")), { missing: "more than 20 other schemas" });
      assert.equal(asked.length, 20);
    });
  }
  await t.step("a circle", async () => {
    const { ask } = registryOf((subject) => refersTo(subject === "a" ? "b" : "a"));
    const found = await referencedSchemas(ask, refersTo("a"));
    assert.ok("references" in found && found.references.length === 2);
  });
});
