import assert from "node:assert/strict";
import { setImmediate as turnOfLoop, setTimeout as delay } from "node:timers/promises";
import { EXIT, Failure, Outage } from "../../../../lib/errors.ts";
import { Checkpointer } from "../../../../lib/files/store/checkpointer.ts";

/** Longer than the time that counts as idle, and shorter than that between two checkpoints under load. */
const SLOW_MS = 300;

const pure = { permissions: "none" } as const;
const nothing = () => Promise.resolve();

/** A store whose checkpoints are counted, and a checkpointer for it. */
function counted(checkpoint: () => Promise<void> = nothing) {
  const first = Promise.withResolvers<void>();
  const store = {
    checkpoints: 0,
    checkpoint() {
      store.checkpoints++;
      first.resolve();
      return checkpoint();
    },
  };
  return { store, first: first.promise, checkpointer: new Checkpointer(store) };
}

Deno.test(
  "Checkpointer writes a checkpoint once no batch is in hand any more, and none without a batch",
  pure,
  async () => {
    const { store, first, checkpointer } = counted();
    await checkpointer.during(nothing);
    assert.equal(store.checkpoints, 0);
    await first;
    await delay(SLOW_MS);
    assert.equal(store.checkpoints, 1);
    await checkpointer.stop();
  },
);

Deno.test("Checkpointer does not take a slow batch for idleness, in whichever lane it is", pure, async () => {
  const { store, checkpointer } = counted();
  await checkpointer.during(nothing);
  await checkpointer.during(() => delay(SLOW_MS));
  assert.equal(store.checkpoints, 0);
  await checkpointer.during(() => {
    const other = checkpointer.during(nothing);
    return Promise.all([other, delay(SLOW_MS)]);
  });
  assert.equal(store.checkpoints, 0);
  await checkpointer.stop();
});

Deno.test("Checkpointer writes a checkpoint while a batch is in hand for long", pure, async () => {
  const { first, checkpointer } = counted();
  await checkpointer.during(nothing);
  await checkpointer.during(() => first);
  await checkpointer.stop();
});

Deno.test("Checkpointer begins no checkpoint during another, however many batches end meanwhile", pure, async () => {
  const written = Promise.withResolvers<void>();
  const { store, first, checkpointer } = counted(() => written.promise);
  await checkpointer.during(nothing);
  await first;
  for (let batch = 0; batch < 3; batch++) await checkpointer.during(() => delay(SLOW_MS));
  await delay(SLOW_MS);
  assert.equal(store.checkpoints, 1);
  const stopped = checkpointer.stop();
  written.resolve();
  await stopped;
  await delay(SLOW_MS);
  assert.equal(store.checkpoints, 1, "none after a stop");
});

Deno.test("Checkpointer ends the next batch with the error of a checkpoint, unless it is an outage", pure, async () => {
  for (const ErrorType of [Outage, Failure]) {
    const { first, checkpointer } = counted(() => Promise.reject(new ErrorType(EXIT.io, "disk broken")));
    await checkpointer.during(nothing);
    await first.then(turnOfLoop);
    const next = checkpointer.during(nothing);
    await (ErrorType === Failure ? assert.rejects(next, /disk broken/) : next);
    await checkpointer.stop();
  }
});
