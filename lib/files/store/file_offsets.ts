import { EXIT, Failure } from "../../errors.ts";
import {
  KEPT_CHANGES,
  type NewChange,
  type OffsetChange,
  type OffsetPlace,
  type OffsetStore,
  type Settlement,
} from "../../offset_changes.ts";
import type { MovedPartition } from "../../store_admin.ts";
import { replaceFile } from "../disk/atomic_file.ts";
import type { StorageLayout } from "../disk/layout.ts";
import { holdOffsetsLock, type Owner, readOwner, WriteLock } from "../disk/locks.ts";
import { createFolder } from "./storage_folder.ts";

/** A storage folder as its owner has it, or a tool that becomes its owner for a moment. */
export interface OffsetsAccess {
  /** Runs `work` as the owner, with what the last one recorded; a `Failure` (75) where another process is it. */
  asOwner<T>(work: (lastOwner: Owner | undefined) => Promise<T>): Promise<T>;
  /** What was read, and where reading has to go on. */
  partitions(): Promise<MovedPartition[]>;
  restartAt(topic: string, starts: ReadonlyMap<number, number | undefined>): Promise<void>;
}

/**
 * Changes of offsets, noted in `offset_changes.json` beside the journals. The file is replaced as a whole under the
 * write lock; it need not exist, nor the rest of the store, for groups of other programs.
 *
 * Permissions: read and write of the folder.
 */
export class FileOffsets implements OffsetStore {
  readonly #layout: StorageLayout;
  readonly #access: OffsetsAccess;

  constructor(layout: StorageLayout, access: OffsetsAccess) {
    this.#layout = layout;
    this.#access = access;
  }

  groupsOf(): Promise<string[]> {
    const owner = readOwner(this.#layout);
    return Promise.resolve(owner === undefined ? [] : [owner.group]);
  }

  async positionsOf({ topic }: { topic: string }): Promise<Map<number, number>> {
    const partitions = await this.#partitionsOf(topic);
    return new Map(
      partitions.flatMap(({ partition, position }) => position === undefined ? [] : [[partition, position]]),
    );
  }

  async readUpTo(topic: string): Promise<Map<number, number>> {
    const partitions = await this.#partitionsOf(topic);
    return new Map(partitions.flatMap(({ partition, ranges }) => {
      const last = ranges.at(-1);
      return last === undefined ? [] : [[partition, last.to]];
    }));
  }

  async #partitionsOf(topic: string): Promise<MovedPartition[]> {
    return (await this.#access.partitions()).filter((at) => at.topic === topic);
  }

  async deadMemberOf(group: string): Promise<string | undefined> {
    return await this.#access.asOwner((last) => Promise.resolve(last?.group === group ? last.memberId : undefined));
  }

  changes(): Promise<OffsetChange[]> {
    return Promise.try(() => this.#read());
  }

  async change(change: NewChange, moveGroup: () => Promise<void>): Promise<OffsetChange> {
    createFolder(this.#layout.folder);
    const work = () => holdOffsetsLock(this.#layout, () => this.#change(change, moveGroup));
    return change.withStore ? await this.#access.asOwner(work) : await work();
  }

  async #change(change: NewChange, moveGroup: () => Promise<void>): Promise<OffsetChange> {
    const noted = await this.#note(change);
    try {
      await moveGroup();
    } catch (error) {
      if (error instanceof Failure && error.exit === EXIT.busy) await this.#end(noted, "undone");
      throw error;
    }
    await this.#moveStore(noted, ({ before, after }) => before.position === after.position ? "stays" : after);
    await this.#end(noted, "done");
    return { ...noted, done: true };
  }

  async settle(
    at: { group: string; topic: string },
    restore: (change: OffsetChange) => Promise<Settlement>,
  ): Promise<OffsetChange[]> {
    const unfinished = () => this.#read().filter((change) => isUnfinished(change, at)).toReversed();
    if (unfinished().length === 0) return []; // the usual case takes no lock
    return await holdOffsetsLock(this.#layout, async () => {
      const found = unfinished();
      for (const change of found) await this.#settle(change, restore);
      return found;
    });
  }

  async #settle(change: OffsetChange, restore: (change: OffsetChange) => Promise<Settlement>): Promise<void> {
    const settlement = await restore(change);
    if (settlement === "undone" && change.withStore) {
      const now = await this.positionsOf(change);
      // A partition that has been read since then is left alone.
      await this.#moveStore(change, ({ partition, before, after }) => {
        const isMoved = before.position !== after.position && now.get(partition) === after.position;
        return isMoved ? before : "stays";
      });
    }
    await this.#end(change, settlement);
  }

  async #moveStore(
    { topic, withStore, partitions }: OffsetChange,
    placeOf: (partition: OffsetChange["partitions"][number]) => OffsetPlace | "stays",
  ): Promise<void> {
    const starts = new Map<number, number | undefined>();
    for (const partition of partitions) {
      const place = placeOf(partition);
      if (place !== "stays") starts.set(partition.partition, place.position);
    }
    if (withStore && starts.size > 0) await this.#access.restartAt(topic, starts);
  }

  async #note(change: NewChange): Promise<OffsetChange> {
    let noted: OffsetChange | undefined;
    await this.#edit((changes) => {
      noted = { ...change, id: (changes.at(-1)?.id ?? 0) + 1, madeAt: Date.now(), done: false };
      return [...changes, noted].slice(-KEPT_CHANGES);
    });
    return noted!;
  }

  async #end({ id }: OffsetChange, how: Settlement): Promise<void> {
    await this.#edit((changes) =>
      how === "undone"
        ? changes.filter((change) => change.id !== id)
        : changes.map((change) => change.id === id ? { ...change, done: true } : change)
    );
  }

  /** Replaces the file; durable on return. Under the write lock, because a tool removes temporary files under it. */
  async #edit(edit: (changes: OffsetChange[]) => OffsetChange[]): Promise<void> {
    const lock = WriteLock.open(this.#layout);
    try {
      await lock.hold(() => Promise.try(() => this.#write(edit(this.#read()))));
    } finally {
      lock.close();
    }
  }

  #write(changes: readonly OffsetChange[]): void {
    const lines = changes.map((change) => JSON.stringify(change)).join(",\n");
    replaceFile(this.#layout.offsetChanges, new TextEncoder().encode(`[\n${lines}\n]\n`));
  }

  #read(): OffsetChange[] {
    const { offsetChanges: path } = this.#layout;
    try {
      const changes = JSON.parse(Deno.readTextFileSync(path));
      if (Array.isArray(changes)) return changes;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      if (!(error instanceof SyntaxError)) throw error;
    }
    throw new Failure(EXIT.data, `${path} is damaged: move it elsewhere; undo then knows no earlier change`);
  }
}

function isUnfinished({ group, topic, done }: OffsetChange, at: { group: string; topic: string }): boolean {
  return !done && group === at.group && topic === at.topic;
}
