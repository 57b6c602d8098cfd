import assert from "node:assert/strict";
import { storageLayout } from "../../../../lib/files/disk/layout.ts";
import { OwnerLock, WriteLock } from "../../../../lib/files/disk/locks.ts";
import { eventually } from "../../../support/commands.ts";
import { TestStorage } from "../../../support/storage.ts";

Deno.test("OwnerLock.take() waits for a tool that only asked whether there is an owner", async () => {
  await using storage = await TestStorage.create();
  const asking = OwnerLock.try(storage.layout)!;
  const taken = OwnerLock.take(storage.layout);
  asking.close();
  (await taken).close();
});

Deno.test("WriteLock.hold() keeps its holders apart, frees on errors and lets each have its turn", async () => {
  await using storage = await TestStorage.create();
  const layout = storageLayout(storage.folder);
  const [busy, tool] = [WriteLock.open(layout), WriteLock.open(layout)];
  let [inside, most, rounds, toolDone] = [0, 0, 0, false];
  const work = async () => {
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setTimeout(resolve));
    inside--;
  };
  const loop = (async () => {
    while (!toolDone) await busy.hold(work).then(() => rounds++);
  })();
  await eventually("the loop runs", () => rounds > 3 || undefined);
  for (let time = 0; time < 5; time++) await tool.hold(work);
  await assert.rejects(tool.hold(() => Promise.reject(new Error("no luck"))), /no luck/);
  assert.equal(await tool.hold(() => Promise.resolve(7)), 7);
  toolDone = true;
  await loop;
  assert.equal(most, 1);
  busy.close();
  tool.close();
});
