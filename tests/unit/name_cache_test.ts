import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { NameCache } from "../../lib/name_cache.ts";

Deno.test("NameCache.read() gives the text of the bytes, whatever was read before", { permissions: "none" }, () => {
  const cache = new NameCache();
  const anyBytes = fc.oneof(
    fc.constantFrom("book", "pen", "", "caf\u00e9").map((name) => Buffer.from(name)),
    fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(fc.property(anyBytes, fc.nat(3), (bytes, before) => {
    const padded = Buffer.concat([Buffer.alloc(before, 0x78), bytes, Buffer.from("rest")]);
    assert.equal(cache.read(padded, before, before + bytes.length), bytes.toString());
  }));
});

Deno.test("NameCache.read() takes no bytes that are not UTF-8 for a name it has seen", { permissions: "none" }, () => {
  const cache = new NameCache();
  // The name's UTF-8 and the bytes of its Latin-1 are the same by the cache's hash.
  const [name, latin] = [Buffer.from("Ren\u00e9-3os\u00e9"), Buffer.from("52656ee92d336f73e9", "hex")];
  assert.equal(latin.toString("latin1"), name.toString());
  cache.read(name, 0, name.length);
  assert.equal(cache.read(latin, 0, latin.length), latin.toString());
});

Deno.test("NameCache.read() tells names apart that want the same slot", { permissions: "none" }, () => {
  const cache = new NameCache();
  // Both are 64 * 31 + 97 = 65 * 31 + 66 by the cache's hash.
  for (const name of ["@a", "AB", "@a"]) assert.equal(cache.read(Buffer.from(name), 0, 2), name);
});
