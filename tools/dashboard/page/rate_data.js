// @ts-check
import { countOf, VERDICTS } from "./verdicts.js";
/** The points of the charts of time, stacked: accepted up from zero, rejected and dead letters down from it. Pure. */

/** @typedef {import("../snapshot.ts").RatePoint} RatePoint */

/** Ten minutes. */
const WINDOW_MS = 600_000;
/** A younger page shows this much, so that the chart does not begin as a few wide bars. */
const LEAST_MS = 120_000;
/** Points further apart have a gap between them. */
const GAP_MS = 3_500;

/** Everything below zero, the outermost first: what is painted later covers the inner part. */
export const BELOW = VERDICTS.filter(({ side }) => side !== "accepted").map(({ name }) => name).reverse();

/** Points with those of the last ten minutes only; one that comes twice counts once. */
export class RateWindow {
  /** @type {RatePoint[]} */
  points = [];

  /** @param {readonly RatePoint[]} points */
  replace(points) {
    this.points = [...points];
    this.#trim();
  }

  /** @param {RatePoint} point */
  add(point) {
    const last = this.points.at(-1);
    if (last !== undefined && point.at <= last.at) return;
    this.points.push(point);
    this.#trim();
  }

  #trim() {
    const oldest = (this.points.at(-1)?.at ?? 0) - WINDOW_MS;
    const from = this.points.findIndex(({ at }) => at >= oldest);
    if (from > 0) this.points.splice(0, from);
  }
}

/** What the time axes show, in milliseconds. @param {readonly RatePoint[]} points @param {number} now @returns {[number, number]} */
export function timeRange(points, now) {
  const end = Math.max(now, points.at(-1)?.at ?? 0);
  const begin = points[0]?.at ?? end;
  return [Math.max(end - WINDOW_MS, Math.min(begin, end - LEAST_MS)), end];
}

/**
 * Columns: seconds, accepted, then for each of {@linkcode BELOW} minus the sum of what is up to there, then the lag.
 *
 * @param {readonly RatePoint[]} points
 * @returns {{ rates: (number | null)[][], lag: (number | null)[][] }}
 */
export function columns(points) {
  /** @type {(number | null)[][]} */
  const rates = Array.from({ length: 2 + BELOW.length }, () => []);
  /** @type {(number | null)[][]} */
  const lag = [[], []];
  let before = points[0]?.at ?? 0;
  for (const point of points) {
    if (point.at - before > GAP_MS) gap([...rates.slice(1), lag[1]], [rates[0], lag[0]], before + 1_000);
    before = point.at;
    rates[0].push(point.at / 1_000);
    rates[1].push(point.accepted);
    let below = 0;
    for (let index = BELOW.length - 1; index >= 0; index--) {
      below -= countOf(point, BELOW[index]);
      rates[2 + index].push(below);
    }
    lag[0].push(point.at / 1_000);
    lag[1].push(point.lag);
  }
  return { rates, lag };
}

/** @param {(number | null)[][]} values @param {(number | null)[][]} times @param {number} at */
function gap(values, times, at) {
  for (const column of values) column.push(null);
  for (const column of times) column.push(at / 1_000);
}

/** Reasons that this page does not know are counted with none of the columns; the table has them. @param {readonly RatePoint[]} points */
export function verdictsSeen(points) {
  return VERDICTS.filter(({ name }) => name === "accepted" || points.some((point) => countOf(point, name) > 0));
}
