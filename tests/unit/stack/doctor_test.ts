import assert from "node:assert/strict";
import { checkTopics } from "../../../tools/stack/check_services.ts";
import { checkFileSystem } from "../../../tools/stack/check_storage.ts";
import { checkDeno } from "../../../tools/stack/check_tools.ts";

const MOUNTS = [
  "/dev/vda / ext4 rw 0 0",
  "server:/home /home nfs4 rw 0 0",
  "/dev/vdb /home/alice/my\\040disk xfs rw 0 0",
  "//nas/share /mnt/share cifs rw 0 0",
].join("\n");

Deno.test("checkFileSystem() goes by the innermost mount", { permissions: "none" }, () => {
  assert.equal(checkFileSystem("/var/storage", MOUNTS)?.level, "ok");
  assert.equal(checkFileSystem("/home/bob/storage", MOUNTS)?.level, "fail");
  assert.equal(checkFileSystem("/home/alice/my disk/storage", MOUNTS)?.level, "ok");
  assert.equal(checkFileSystem("/mnt/share", MOUNTS)?.level, "fail");
  assert.equal(checkFileSystem("/mnt/shared", MOUNTS)?.level, "ok");
});

Deno.test("checkFileSystem() says nothing where mounts are not known", { permissions: "none" }, () => {
  assert.equal(checkFileSystem("/var/storage", ""), undefined);
});

Deno.test("checkTopics() names what is missing", { permissions: "none" }, () => {
  assert.equal(checkTopics("orders", ["orders", "orders.dlq"]).level, "ok");
  assert.match(checkTopics("orders", ["orders"]).found, /^orders\.dlq missing$/);
});

Deno.test("checkDeno() refuses an older one and warns of the next", { permissions: "none" }, () => {
  assert.equal(checkDeno("2.9.6").level, "ok");
  assert.equal(checkDeno("2.10.0").level, "ok");
  assert.equal(checkDeno("2.1.4").level, "fail");
  assert.equal(checkDeno("3.0.0").level, "warn");
});
