// @ts-check
/** Who owned which partition when, as seen while the page was open, in runs. Pure. */

/** @typedef {import("../snapshot.ts").Lane} Lane */
/** @typedef {{ from: number, to: number, owner: string | null }} Run */

/** Snapshots further apart than this say nothing about the time between them. */
const GAP_MS = 5_000;

export class Owners {
  /** By partition, oldest first. @type {Map<number, Run[]>} */
  runs = new Map();

  /** @param {readonly Lane[]} lanes @param {number} at @param {number} since older runs are forgotten */
  note(lanes, at, since) {
    for (const { partition, owner } of lanes) {
      const runs = this.runs.get(partition) ?? [];
      const last = runs.at(-1);
      if (last !== undefined && last.owner === owner && at - last.to <= GAP_MS) last.to = at;
      else runs.push({ from: last !== undefined && at - last.to <= GAP_MS ? last.to : at, to: at, owner });
      this.runs.set(partition, runs.filter(({ to }) => to >= since));
    }
    for (const partition of this.runs.keys()) {
      if (!lanes.some((lane) => lane.partition === partition)) this.runs.delete(partition);
    }
  }
}
