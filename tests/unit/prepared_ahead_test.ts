import assert from "node:assert/strict";
import { preparedAhead } from "../../lib/prepared_ahead.ts";

const pure = { permissions: "none" } as const;

/** Notes what happens, and lets somebody wait for a note. */
class Notes {
  readonly #notes: string[] = [];
  readonly #waiting: { for: string; go: () => void }[] = [];

  add(note: string): void {
    this.#notes.push(note);
    for (const one of this.#waiting) if (one.for === note) one.go();
  }

  until(note: string): Promise<void> {
    if (this.#notes.includes(note)) return Promise.resolve();
    return new Promise((go) => this.#waiting.push({ for: note, go }));
  }

  has(note: string): boolean {
    return this.#notes.includes(note);
  }
}

async function* numbers(count: number): AsyncGenerator<number> {
  for (let number = 0; number < count; number++) yield await Promise.resolve(number);
}

Deno.test("preparedAhead() hands out each batch with what was prepared of it, in order", pure, async () => {
  const seen: [number, string][] = [];
  for await (const { batch, prepared } of preparedAhead(numbers(5), (batch) => Promise.resolve(`ready ${batch}`))) {
    seen.push([batch, await prepared]);
  }
  assert.deepEqual(seen, [0, 1, 2, 3, 4].map((batch) => [batch, `ready ${batch}`]));
});

Deno.test("preparedAhead() prepares a batch while the one before is handled, and no further", pure, async () => {
  const notes = new Notes();
  const prepare = (batch: number) => {
    notes.add(`prepare ${batch}`);
    return Promise.resolve();
  };
  for await (const { batch } of preparedAhead(numbers(4), prepare)) {
    if (batch < 3) await notes.until(`prepare ${batch + 1}`); // would wait forever
    assert.equal(notes.has(`prepare ${batch + 2}`), false);
  }
});

Deno.test("preparedAhead() prepares nothing more where a batch could not be, until that is handled", pure, async () => {
  const notes = new Notes();
  const prepare = (batch: number) => {
    notes.add(`prepare ${batch}`);
    return batch === 1 ? Promise.reject(new Error("away")) : Promise.resolve();
  };
  const failed: number[] = [];
  for await (const { batch, prepared } of preparedAhead(numbers(3), prepare)) {
    if (await prepared.then(() => true, () => false)) continue;
    failed.push(batch);
    await new Promise((resolve) => setTimeout(resolve)); // whatever could begin meanwhile has begun
    assert.equal(notes.has(`prepare ${batch + 1}`), false);
  }
  assert.deepEqual(failed, [1]);
  assert.ok(notes.has("prepare 2"));
});

Deno.test("preparedAhead() leaves out what is not current any more when its turn has come", pure, async () => {
  let given = 0;
  const seen: number[] = [];
  for await (
    const { batch } of preparedAhead(numbers(4), () => Promise.resolve(), (batch) => batch < given || batch === 0)
  ) {
    seen.push(batch);
    given = batch === 0 ? 2 : 0; // after the first one, 1 counts and nothing else
  }
  assert.deepEqual(seen, [0, 1]);
});

Deno.test("preparedAhead() rejects with what fetching rejects with, after the batch in hand", pure, async () => {
  async function* failing() {
    yield* numbers(2);
    throw new Error("gone");
  }
  const seen: number[] = [];
  await assert.rejects(async () => {
    for await (const { batch } of preparedAhead(failing(), () => Promise.resolve())) seen.push(batch);
  }, /gone/);
  assert.deepEqual(seen, [0, 1]);
});

Deno.test("preparedAhead() ends at once where its reader stops, also while it waits for a batch", pure, async () => {
  let isReturned = false;
  const endless: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => {
      let next = 0;
      return {
        next: () => next === 0 ? Promise.resolve({ done: false, value: next++ }) : new Promise(() => {}),
        return: () => {
          isReturned = true;
          return Promise.resolve({ done: true, value: undefined });
        },
      };
    },
  };
  for await (const _ of preparedAhead(endless, () => Promise.resolve())) break;
  assert.ok(isReturned);
});
