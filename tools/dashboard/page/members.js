// @ts-check
/** A letter and a colour for each member of the group, which it keeps while the page is open. Pure. */

/** @typedef {import("../snapshot.ts").Member} Member */
/** @typedef {{ letter: string, colour: string }} Badge */

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const COLOURS = 8;
/** How long a member that has gone keeps its letter: as long as the charts show it. */
const KEPT_MS = 600_000;

/** @type {Badge} */
export const NOBODY = { letter: "–", colour: "m-none" };

export class Badges {
  /** @type {Map<string, { index: number, seen: number }>} */
  #known = new Map();

  /** Gives newcomers the first free letters. @param {readonly Member[]} members @param {number} now */
  note(members, now) {
    for (const [id, { seen }] of this.#known) {
      if (now - seen > KEPT_MS) this.#known.delete(id);
    }
    for (const { id } of [...members].sort((one, other) => one.id < other.id ? -1 : 1)) {
      const known = this.#known.get(id);
      if (known !== undefined) known.seen = now;
      else this.#known.set(id, { index: this.#free(), seen: now });
    }
  }

  /** @param {string | null} id @returns {Badge} */
  of(id) {
    const known = id === null ? undefined : this.#known.get(id);
    if (known === undefined) return NOBODY;
    const letter = LETTERS[known.index % LETTERS.length];
    const round = Math.floor(known.index / LETTERS.length);
    return { letter: round === 0 ? letter : `${letter}${round}`, colour: `m${known.index % COLOURS}` };
  }

  #free() {
    const taken = new Set([...this.#known.values()].map(({ index }) => index));
    for (let index = 0;; index++) {
      if (!taken.has(index)) return index;
    }
  }
}
