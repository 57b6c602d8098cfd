// @ts-check
/** Which partitions have records waiting, a member, and no progress: it is slow, frozen or dead, and Kafka cannot tell yet. Pure. */

/** @typedef {import("../snapshot.ts").Snapshot} Snapshot */

/** A member at work commits several times in this time. */
const STILL_MS = 3_000;

export class Standstill {
  /** The committed offset by partition, and since when. @type {Map<number, { committed: number | null, since: number }>} */
  #seen = new Map();

  /** Milliseconds by partition, for those that have stood still for long. @param {Snapshot} snapshot @returns {Map<number, number>} */
  note({ lanes, at }) {
    /** @type {Map<number, number>} */
    const still = new Map();
    const seen = this.#seen;
    this.#seen = new Map();
    for (const { partition, committed, lag, owner } of lanes) {
      const before = seen.get(partition);
      const isWaiting = owner !== null && lag !== 0;
      const since = isWaiting && before?.committed === committed ? before.since : at;
      this.#seen.set(partition, { committed, since });
      if (at - since >= STILL_MS) still.set(partition, at - since);
    }
    return still;
  }
}
