import { asOfRange, parseInventory } from "../csv/inventory_file.ts";
import { type Change, type OwnWritings, sameBytes, WatchedFile } from "../disk/watched_file.ts";

type Parsed = ReturnType<typeof parseInventory>;

/** `inventory.csv`, parsed as often as it has changed: 100,000 items take a third of a second. */
export class WatchedInventory extends WatchedFile {
  /** What {@linkcode asOf} has parsed, until {@linkcode parse} gives it away. */
  #firstLook: { bytes: Uint8Array; parsed: Parsed } | undefined;

  /** The lowest and highest `as_of`; 0 and 0 without any. */
  asOf(writings: OwnWritings): { lowest: number; newest: number } {
    const change = this.isThere() ? this.changed() : undefined;
    if (change === undefined) return { lowest: 0, newest: 0 };
    this.#firstLook = { bytes: change.bytes, parsed: this.parse(change, writings) };
    return asOfRange(this.#firstLook.parsed.rows);
  }

  /** Throws `BeingSaved` if it does not parse because somebody is saving it, else an `Outage` (65). */
  parse(change: Change, writings: OwnWritings): Parsed {
    const known = this.#firstLook;
    this.#firstLook = undefined; // its document is changed from now on
    if (known !== undefined && sameBytes(known.bytes, change.bytes)) return known.parsed;
    try {
      return parseInventory(change.bytes, this.path);
    } catch (error) {
      this.requireSettled(change, writings);
      throw error;
    }
  }
}
