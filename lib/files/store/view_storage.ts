import { editStorage } from "./edit_storage.ts";
import { storageLayout } from "../disk/layout.ts";
import { lookAtStorage, type StorageView } from "./look_at_storage.ts";
import { isWriteDenied } from "../disk/disk_failure.ts";
import { handEdits } from "./hand_edits.ts";
import { sizeOf } from "../disk/exists.ts";

/**
 * The storage as it is now. Like a tool's edit, it journals what people changed, repairs what a crash left and brings
 * the CSV up to date. A folder that cannot be written is only read, with the same result.
 *
 * `underLock` is called while the files match the view. Throws a `Failure`: 78 missing files, 65 damage, 74 disk.
 * Permissions: read and write of the folder.
 */
export async function viewStorage(
  folder: string,
  warn: (sentence: string) => void,
  underLock: () => void = () => {},
): Promise<StorageView> {
  const { orders, edits, rejected, inventory } = storageLayout(folder);
  try {
    return await editStorage(folder, ({ ledger, readRanges }) => {
      const stock = new Map([...ledger.stock].map(([key, { item, quantity }]) => [key, { item, quantity }]));
      const lengths = { orders: sizeOf(orders) ?? 0, edits: sizeOf(edits) ?? 0, rejected: sizeOf(rejected) ?? 0 };
      underLock();
      const partitions = readRanges.partitions();
      return { stock, journalled: stock, readRanges: readRanges.ranges(), partitions, lengths };
    }, { warn });
  } catch (error) {
    if (!isWriteDenied(error)) throw error;
  }
  const view = await lookAtStorage(folder, underLock);
  const items = handEdits(view.journalled, view.stock).map(({ item }) => item);
  if (items.length > 0) {
    warn(`${inventory} was edited by hand: ${items.join(", ")}; not journalled, because ${folder} cannot be written`);
  }
  return view;
}
