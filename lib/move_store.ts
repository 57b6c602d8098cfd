import { EXIT, Failure } from "./errors.ts";
import { type BeginProgress, unwatched } from "./progress.ts";
import type { StoreContents } from "./store_admin.ts";
import { type StoreSummary, summarize } from "./store_contents.ts";

/** A store that is moved away. The caller closes. */
export interface StoreSource {
  /** As it is named to a person. */
  readonly place: string;
  /** Shows `use` what it holds, as of one moment; undefined where it holds nothing, or was set aside. */
  read<T>(use: (contents: StoreContents) => Promise<T>, begin: BeginProgress): Promise<T | undefined>;
  /** Sets aside what was read; at once it can no longer be used. A {@linkcode Failure} (75) if it has changed since. */
  setAside(): Promise<string>;
  /** Sets aside what an interrupted command left of a store that it was setting aside. */
  clearAway(): Promise<void>;
  close(): Promise<void>;
}

/** Where a store is moved to. Nobody sees what is built there before it takes its place. The caller closes. */
export interface StoreTarget {
  readonly place: string;
  /** Whether there is room: no store, not even an empty one with users. */
  isFree(): Promise<boolean>;
  /** Builds the contents, in place of whatever an earlier attempt left. */
  put(contents: StoreContents): Promise<void>;
  /** Shows `use` what was built. */
  read<T>(use: (contents: StoreContents) => Promise<T>, begin: BeginProgress): Promise<T>;
  /** Marks it complete, durably. */
  complete(): Promise<void>;
  isComplete(): Promise<boolean>;
  /** Lets everybody see it. If interrupted, it may be called again. */
  takePlace(): Promise<void>;
  close(): Promise<void>;
}

export interface Move {
  from: StoreSummary;
  to: StoreSummary;
  /** Where the old store lies now. */
  backup: string;
}

/**
 * Moves a store: it is read, built elsewhere, compared and set aside; only then does the new one take its place.
 *
 * Interrupted at any moment and called again, it ends the same. While the source is there, whatever was built is built
 * again; once it is set aside, what was built is complete and only has to take its place, and undefined is returned.
 * So two stores are never usable at the same time. Throws a {@linkcode Failure}: 75 where the source is in use, 65
 * where it does not add up or the target holds something, 78 where there is nothing to move.
 */
export async function moveStore(
  source: StoreSource,
  target: StoreTarget,
  { begin = unwatched }: { begin?: BeginProgress } = {},
): Promise<Move | undefined> {
  const summaries = await source.read(async (contents) => {
    requireBalance(source, contents);
    await requireFree(target);
    await target.put(watched(contents, `Writing to ${target.place}`, begin));
    const from = await summarize(watched(contents, `Reading ${source.place} again`, begin));
    const to = await target.read((there) => summarize(watched(there, `Reading ${target.place}`, begin)), begin);
    requireSame(from, to, target);
    return { from, to };
  }, begin);
  let backup: string | undefined;
  if (summaries !== undefined) {
    await target.complete();
    backup = await source.setAside();
  } else if (await target.isComplete()) {
    await source.clearAway();
  } else {
    const rest = await target.isFree() ? "there is nothing to move" : `${target.place} holds one`;
    throw new Failure(EXIT.config, `${source.place} holds no store; ${rest}`);
  }
  await target.takePlace();
  return summaries && { ...summaries, backup: backup! };
}

/** The same contents, which show how far their orders have been read. */
function watched(contents: StoreContents, what: string, begin: BeginProgress): StoreContents {
  const { accepted } = contents;
  async function* orders() {
    const progress = begin(what, "orders");
    let done = 0;
    for await (const order of contents.orders()) {
      progress(done++, accepted);
      yield order;
    }
    progress(accepted, accepted);
  }
  return { ...contents, orders };
}

async function requireFree(target: StoreTarget): Promise<void> {
  if (await target.isFree()) return;
  const remedy = "move or drop it first; nothing was changed";
  throw new Failure(EXIT.data, `${target.place} holds a store already: ${remedy}`);
}

function requireBalance({ place }: StoreSource, { items, faults }: StoreContents): void {
  const wrong = items.find(({ expected, stock }) => expected !== stock);
  if (wrong === undefined && faults.length === 0) return;
  const fault = wrong === undefined ? faults[0] : `${wrong.item}: stock is ${wrong.stock}, expected ${wrong.expected}`;
  throw new Failure(EXIT.data, `${place} does not add up, ${fault}: see deno task verify; nothing was changed`);
}

function requireSame(from: StoreSummary, to: StoreSummary, { place }: StoreTarget): void {
  const wrong = Object.keys(from).find((name) => from[name] !== to[name]);
  if (wrong === undefined) return;
  const figures = `${wrong}: ${from[wrong]} became ${to[wrong]}`;
  throw new Failure(EXIT.failed, `What was put together in ${place} is not the same, ${figures}; nothing was changed`);
}
