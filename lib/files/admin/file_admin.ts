import { nameKey, type StockItem, type User } from "../../order.ts";
import { oddUsers } from "../../odd_users.ts";
import { type BeginProgress, unwatched } from "../../progress.ts";
import type {
  AcceptedChoice,
  ContentsOptions,
  EditOutcome,
  ItemEdit,
  RejectedChoice,
  StoreAdmin,
  StoreAudit,
  StoreContents,
  UserEdit,
  VerdictVisitor,
} from "../../store_admin.ts";
import type { KnownVerdicts } from "../../offset_changes.ts";
import type { OffsetRange } from "../../offset_ranges.ts";
import { exists } from "../disk/exists.ts";
import { storageLayout } from "../disk/layout.ts";
import { OwnerLock, readOwner } from "../disk/locks.ts";
import { acceptedSlice } from "../read/accepted_slice.ts";
import { auditBalance, takeSnapshot, visitRejected } from "../read/audit.ts";
import { orderHistory } from "../read/order_history.ts";
import { readStock, readUsers } from "../read/read_storage.ts";
import { rejectedSlice } from "../read/rejected_slice.ts";
import { verdictsIn } from "../read/verdicts_in.ts";
import { editStorage } from "../store/edit_storage.ts";
import { FileOffsets } from "../store/file_offsets.ts";
import { lookAtStorage } from "../store/look_at_storage.ts";
import { setStorageAside } from "../store/set_aside.ts";
import { viewStorage } from "../store/view_storage.ts";
import { fileContents } from "./file_contents.ts";

/**
 * The tools' side of a storage folder.
 *
 * Nothing is held between two calls. Errors are those of the rooms below: 78 missing files, 65 damage, 74 disk, 75 owned by
 * a consumer. Permissions: read and write of the folder.
 */
export class FileAdmin implements StoreAdmin {
  readonly parts = "files";
  readonly place: string;
  readonly #warn: (sentence: string) => void;
  readonly #begin: BeginProgress;

  /** `warn` is told of things a person should know, one sentence each; `begin` of work that may take long. */
  constructor(folder: string, warn: (sentence: string) => void, { begin = unwatched }: { begin?: BeginProgress } = {}) {
    this.place = folder;
    this.#warn = warn;
    this.#begin = begin;
  }

  glance(): Promise<{ users: User[]; items: StockItem[] }> {
    return Promise.try(() => ({ users: readUsers(this.place), items: readStock(this.place) }));
  }

  users(): Promise<User[]> {
    return Promise.try(() => {
      const users = readUsers(this.place);
      for (const sentence of oddUsers(users, storageLayout(this.place).users)) this.#warn(sentence);
      return users;
    });
  }

  async items(): Promise<StockItem[]> {
    const { stock } = await viewStorage(this.place, this.#warn);
    return [...stock.values()].map(({ item, quantity }) => ({ name: item, quantity }));
  }

  async editUser({ action, name, status }: UserEdit): Promise<EditOutcome> {
    return await editStorage<EditOutcome>(this.place, ({ users }) => {
      const was = users.row(name)?.get("status");
      const known = users.row(name) !== undefined;
      if (known !== (action === "update")) return { done: false, names: [...users.rows].map(({ key }) => key) };
      if (known) users.set(name, "status", status);
      else users.append({ user: name, status });
      return { done: true, was };
    }, { warn: this.#warn });
  }

  async editItem({ action, name, quantity }: ItemEdit): Promise<EditOutcome> {
    return await editStorage<EditOutcome>(this.place, async ({ ledger }) => {
      const known = ledger.item(name);
      if ((known !== undefined) !== (action === "update")) {
        return { done: false, names: [...ledger.stock.values()].map(({ item }) => item) };
      }
      await ledger.edit([{ item: name, set: quantity, by: "tool" }]);
      return { done: true, was: known?.quantity };
    }, { warn: this.#warn });
  }

  async addMissing(
    users: readonly User[],
    items: readonly StockItem[],
  ): Promise<{ users: User[]; items: StockItem[] }> {
    return await editStorage(this.place, async (edit) => {
      const missing = {
        users: users.filter(({ name }) => edit.users.row(name) === undefined),
        items: items.filter(({ name }) => edit.ledger.item(name) === undefined),
      };
      for (const { name, status } of missing.users) edit.users.append({ user: name, status });
      const edits = missing.items.map(({ name, quantity }) => ({
        item: name,
        set: quantity,
        by: "bootstrap" as const,
      }));
      await edit.ledger.edit(edits);
      return missing;
    }, { warn: this.#warn, create: true });
  }

  async startOver(users: readonly User[], items: readonly StockItem[]): Promise<string | undefined> {
    const backup = await setStorageAside(this.place);
    await this.addMissing(users, items);
    return backup;
  }

  async audit(visit: VerdictVisitor): Promise<StoreAudit> {
    const snapshot = await takeSnapshot(this.place, this.#warn);
    const watched = { begin: this.#begin };
    const balance = await auditBalance(snapshot, (place) => visit.accepted(place), watched);
    await visitRejected(snapshot, (place) => visit.rejected(place), watched);
    return { ...balance, positions: snapshot.readRanges };
  }

  async contents<T>(use: (contents: StoreContents) => Promise<T>, options: ContentsOptions): Promise<T> {
    const look: typeof viewStorage = (folder, _warn, underLock) => lookAtStorage(folder, underLock);
    return await use(
      (await fileContents(this.place, { ...options, warn: this.#warn, begin: this.#begin, view: look })).contents,
    );
  }

  history(orderId: string) {
    return orderHistory(this.place, orderId);
  }

  async lookUp({ user, item }: { user: string; item: string }): Promise<{ status?: string; quantity?: number }> {
    const status = readUsers(this.place).find(({ name }) => nameKey(name) === nameKey(user))?.status;
    return { status, quantity: (await lookAtStorage(this.place)).stock.get(nameKey(item))?.quantity };
  }

  get offsets(): FileOffsets {
    const layout = storageLayout(this.place);
    return new FileOffsets(layout, {
      asOwner: async (work) => {
        if (!exists(layout.folder)) return await work(undefined);
        const owner = await OwnerLock.take(layout);
        try {
          return await work(readOwner(layout));
        } finally {
          owner.close();
        }
      },
      partitions: async () => exists(layout.inventory) ? (await viewStorage(this.place, this.#warn)).partitions : [],
      restartAt: (topic, starts) =>
        editStorage(this.place, ({ readRanges, ledger }) => readRanges.restartAt(topic, starts, ledger.seq), {
          warn: this.#warn,
        }),
    });
  }

  async verdictsIn(topic: string, ranges: ReadonlyMap<number, OffsetRange>): Promise<Map<number, KnownVerdicts>> {
    return await verdictsIn(this.place, { topic, ranges, warn: this.#warn, begin: this.#begin });
  }

  acceptedSlice(choice: AcceptedChoice) {
    return acceptedSlice(this.place, { ...choice, warn: this.#warn, begin: this.#begin });
  }

  rejectedSlice(choice: RejectedChoice) {
    return rejectedSlice(this.place, { ...choice, warn: this.#warn, begin: this.#begin });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
