// @ts-check
/** A letter and a colour for each member of the group, which it keeps as long as the page shows it. Pure. */

/** @typedef {import("../snapshot.ts").Snapshot} Snapshot */
/** @typedef {{ letter: string, colour: string }} Badge */

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const COLOURS = 8;

/** @type {Badge} */
export const NOBODY = { letter: "–", colour: "m-none" };

export class Badges {
  /** Number of the letter, by id. @type {Map<string, number>} */
  #known = new Map();

  /** Gives newcomers the first free letters, and takes them from those who are no longer shown. @param {Snapshot} snapshot */
  note({ members, tenures }) {
    const owners = [...tenures].sort((one, other) => one.from - other.from).flatMap(({ owner }) => owner ?? []);
    const ids = new Set([...owners, ...members.map(({ id }) => id).sort()]);
    for (const id of this.#known.keys()) {
      if (!ids.has(id)) this.#known.delete(id);
    }
    for (const id of ids) {
      if (!this.#known.has(id)) this.#known.set(id, this.#free());
    }
  }

  /** @param {string | null} id @returns {Badge} */
  of(id) {
    const index = id === null ? undefined : this.#known.get(id);
    if (index === undefined) return NOBODY;
    const round = Math.floor(index / LETTERS.length);
    return { letter: `${LETTERS[index % LETTERS.length]}${round === 0 ? "" : round}`, colour: `m${index % COLOURS}` };
  }

  #free() {
    const taken = new Set(this.#known.values());
    for (let index = 0;; index++) {
      if (!taken.has(index)) return index;
    }
  }
}
