import assert from "node:assert/strict";
import { setImmediate as turnOfLoop } from "node:timers/promises";
import fc from "fast-check";
import { inTurn, type Steps } from "../../lib/in_turn.ts";

const pure = { permissions: "none" } as const;

/** Steps that note what begins and ends. A step ends once what it `waitsFor` is noted; some fail at their end. */
class Noted {
  readonly notes: string[] = [];
  readonly steps: Steps<number, string> = {
    prepare: async (batch) => {
      await this.#step(`prepare ${batch}`);
      return `ready ${batch}`;
    },
    handle: async (batch, ready) => {
      assert.ok(ready === undefined || ready === `ready ${batch}`);
      await this.#step(`handle ${batch}`);
      return true;
    },
    commit: (batch) => this.#step(`commit ${batch}`),
  };
  readonly #waitsFor: Record<string, string>;
  readonly #fails: string | undefined;
  readonly #waiting: { for: string; go: () => void }[] = [];

  constructor({ waitsFor = {}, fails }: { waitsFor?: Record<string, string>; fails?: string } = {}) {
    this.#waitsFor = waitsFor;
    this.#fails = fails;
  }

  at(what: string): number {
    const found = this.notes.indexOf(what);
    assert.ok(found >= 0, `${what} is missing in ${this.notes}`);
    return found;
  }

  has(what: string): boolean {
    return this.notes.includes(what);
  }

  async #step(what: string): Promise<void> {
    this.note(what);
    const awaited = this.#waitsFor[what];
    if (awaited !== undefined && !this.has(awaited)) {
      await new Promise<void>((go) => this.#waiting.push({ for: awaited, go }));
    }
    this.note(`${what} done`);
    if (what === this.#fails) throw new Error(what);
  }

  note(what: string): void {
    this.notes.push(what);
    for (const one of this.#waiting) if (one.for === what) one.go();
  }
}

Deno.test("inTurn() does each step in order and never twice at once, and commits what was handled", pure, async () => {
  const noted = new Noted();
  await inTurn([0, 1, 2, 3], noted.steps);
  for (const step of ["prepare", "handle", "commit"]) {
    const own = noted.notes.filter((note) => note.startsWith(step));
    assert.deepEqual(own, [0, 1, 2, 3].flatMap((batch) => [`${step} ${batch}`, `${step} ${batch} done`]));
  }
  for (const batch of [0, 1, 2, 3]) {
    assert.ok(noted.at(`prepare ${batch} done`) < noted.at(`handle ${batch}`));
    assert.ok(noted.at(`handle ${batch} done`) < noted.at(`commit ${batch}`));
  }
});

Deno.test(
  "inTurn() prepares a batch while the one before is handled, and handles it while that is committed",
  pure,
  async () => {
    // Done one after the other, these would wait for ever.
    const noted = new Noted({ waitsFor: { "handle 0": "prepare 1 done", "commit 0": "handle 1 done" } });
    await inTurn([0, 1], noted.steps);
    assert.ok(noted.has("commit 1 done"));
  },
);

Deno.test("inTurn() waits for what is being handled when a commit fails, and goes no further", pure, async () => {
  for (const batches of [[0, 1], [0, 1, 2, 3]]) await commitFails(batches);
});

async function commitFails(batches: number[]): Promise<void> {
  const noted = new Noted({ waitsFor: { "handle 1": "enough", "commit 0": "handle 1" }, fails: "commit 0" });
  let settled = false;
  const done = inTurn(batches, noted.steps).finally(() => settled = true);
  done.catch(() => {}); // looked at below
  while (!noted.has("commit 0 done")) await turnOfLoop();
  await turnOfLoop();
  assert.equal(settled, false);
  noted.note("enough");
  await assert.rejects(done, /commit 0/);
  assert.ok(noted.has("handle 1 done") && !noted.has("handle 2") && !noted.has("commit 1"));
}

Deno.test("inTurn() waits for what is being committed when handling fails", pure, async () => {
  const noted = new Noted({ waitsFor: { "commit 0": "enough", "handle 1": "commit 0" }, fails: "handle 1" });
  let settled = false;
  const done = inTurn([0, 1, 2], noted.steps).finally(() => settled = true);
  done.catch(() => {}); // looked at below
  while (!noted.has("handle 1 done")) await turnOfLoop();
  await turnOfLoop();
  assert.equal(settled, false);
  noted.note("enough");
  await assert.rejects(done, /handle 1/);
  assert.ok(noted.has("commit 0 done") && !noted.has("handle 2"));
});

Deno.test("inTurn() rejects with what handling rejected with; what was handled before is committed", pure, async () => {
  const noted = new Noted({ waitsFor: { "handle 1": "commit 0 done" }, fails: "handle 1" });
  await assert.rejects(inTurn([0, 1, 2], noted.steps), /handle 1/);
  assert.ok(noted.has("commit 0 done"));
  assert.ok(!noted.has("handle 2") && !noted.has("commit 1"));
});

Deno.test("inTurn() commits neither a batch that was not handled nor one after it", pure, async () => {
  await fc.assert(fc.asyncProperty(fc.nat(4), async (last) => {
    const noted = new Noted();
    const { handle } = noted.steps;
    await inTurn([0, 1, 2, 3], { ...noted.steps, handle: async (...args) => await handle(...args) && args[0] < last });
    assert.equal(noted.has(`commit ${last}`), false);
    assert.equal(noted.has(`handle ${last + 1}`), false);
    if (last > 0) assert.ok(noted.has(`commit ${Math.min(last, 4) - 1} done`));
  }));
});

Deno.test(
  "inTurn() hands on that preparing failed, and prepares nothing more before that is dealt with",
  pure,
  async () => {
    const noted = new Noted({ fails: "prepare 1" });
    const given: unknown[] = [];
    const handle: typeof noted.steps.handle = (batch, ready) => {
      given.push(ready);
      return noted.steps.handle(batch, ready);
    };
    await inTurn([0, 1, 2], { ...noted.steps, handle });
    assert.deepEqual(given, ["ready 0", undefined, "ready 2"]);
    assert.ok(noted.at("handle 1 done") < noted.at("prepare 2"));
  },
);
