// @ts-check
/// <reference lib="dom" />
import { byId, onWidth } from "./dom.js";
import { clock, short } from "./format.js";
import { BELOW, timeRange } from "./rate_data.js";
/** The two charts of time, drawn by uPlot: orders a second, and what waits. */

/** @typedef {import("../snapshot.ts").RatePoint} RatePoint */
/** @typedef {import("../snapshot.ts").Rebalance} Rebalance */
/** @typedef {typeof import("uplot")} UPlot */
/** @typedef {InstanceType<UPlot>} Chart */

/** Where the plots begin and end, so that everything over the same time is aligned. */
export const GUTTER = 52;
export const MARGIN = 10;
const HEIGHTS = { rates: 190, lag: 92 };
const TOP = 8;
/** Half the width of a time on the axis. */
const HALF_TIME = 24;
/** Seconds between the times on the axis. */
const STEPS = [5, 10, 15, 30, 60, 120, 300, 600];
/** The least share of the chart below zero, so that the line between accepted and rejected does not jump. */
const LEAST_BELOW = 0.18;

/**
 * @param {{ points: () => readonly RatePoint[], rebalances: () => readonly Rebalance[], at: (index: number | null) => void }} source
 *   `at` is told which point the cursor is at
 */
export function mountCharts({ points, rebalances, at }) {
  const uPlot = /** @type {UPlot} */ (/** @type {any} */ (globalThis).uPlot);
  const colours = new Colours();
  const rates = new uPlot(
    {
      ...options(colours, { times: false }),
      height: HEIGHTS.rates,
      scales: { x: xScale(points), y: { range: (_, min, max) => ratesRange(min, max) } },
      series: [{}, area(uPlot, colours, "accepted"), ...BELOW.map((name) => area(uPlot, colours, name))],
      hooks: {
        drawClear: [(chart) => bands(chart, colours, rebalances())],
        draw: [(chart) => zeroLine(chart, colours)],
        setCursor: [(chart) => at(chart.cursor.idx ?? null)],
      },
    },
    [[]],
    byId("rate-chart"),
  );
  const lag = new uPlot(
    {
      ...options(colours, { times: true }),
      height: HEIGHTS.lag,
      scales: { x: xScale(points), y: { range: (_, __, max) => [0, Math.max(10, max * 1.1)] } },
      series: [{}, {
        stroke: () => colours.of("--lag"),
        fill: () => colours.of("--lag-fill"),
        width: 1.5,
        points: { show: false },
      }],
      hooks: { drawClear: [(chart) => bands(chart, colours, rebalances())] },
    },
    [[]],
    byId("lag-chart"),
  );
  onWidth(byId("rate-chart"), (width) => {
    rates.setSize({ width, height: HEIGHTS.rates });
    lag.setSize({ width, height: HEIGHTS.lag });
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    colours.forget();
    rates.redraw();
    lag.redraw();
  });
  arrowKeys(byId("rate-chart"), rates);
  return (/** @type {{ rates: (number | null)[][], lag: (number | null)[][] }} */ columns) => {
    rates.setData(/** @type {any} */ (columns.rates));
    lag.setData(/** @type {any} */ (columns.lag));
  };
}

/** Colours of the style sheet; a canvas knows none of it. */
class Colours {
  /** @type {Map<string, string>} */
  #known = new Map();

  /** @param {string} name */
  of(name) {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const colour = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    this.#known.set(name, colour);
    return colour;
  }

  forget() {
    this.#known.clear();
  }
}

/** @param {() => readonly RatePoint[]} points @returns {import("uplot").Scale} */
function xScale(points) {
  return {
    range: () => {
      const [from, to] = timeRange(points(), 0);
      return [from / 1_000, to / 1_000];
    },
  };
}

/** @param {number} min @param {number} max @returns {[number, number]} */
function ratesRange(min, max) {
  const top = Math.max(4, (max ?? 0) * 1.08);
  return [Math.min(-top * LEAST_BELOW, (min ?? 0) * 1.15), top];
}

/** The times are written once, below both charts. @param {Colours} colours @param {{ times: boolean }} which @returns {Omit<import("uplot").Options, "height" | "series">} */
function options(colours, { times }) {
  const axis = {
    stroke: () => colours.of("--muted"),
    font: "11px system-ui, sans-serif",
    grid: { stroke: () => colours.of("--line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: 600,
    padding: [TOP, MARGIN, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: "time" }, drag: { x: false, y: false }, points: { show: false }, y: false },
    axes: [
      {
        ...axis,
        size: times ? 22 : 6,
        gap: 4,
        space: 76,
        incrs: STEPS,
        values: (/** @type {Chart} */ chart, /** @type {number[]} */ splits) =>
          times ? splits.map((second) => hasRoom(chart, second) ? clock(second * 1_000) : "") : [],
      },
      {
        ...axis,
        size: GUTTER,
        gap: 6,
        space: 30,
        values: (/** @type {Chart} */ _, /** @type {number[]} */ splits) =>
          splits.map((value) => short(Math.abs(value))),
      },
    ],
  };
}

/** Whether a time at this second is not cut off at the right. @param {Chart} chart @param {number} second */
function hasRoom(chart, second) {
  return chart.valToPos(second, "x") + HALF_TIME <= chart.bbox.width / devicePixelRatio + MARGIN;
}

/** @param {UPlot} uPlot @param {Colours} colours @param {string} name @returns {import("uplot").Series} */
function area(uPlot, colours, name) {
  return {
    fill: () => colours.of(`--v-${name}`),
    width: 0,
    fillTo: 0,
    points: { show: false },
    paths: uPlot.paths.stepped?.({ align: -1 }),
  };
}

/** Times in which the members agreed on their shares. @param {Chart} chart @param {Colours} colours @param {readonly Rebalance[]} rebalances */
function bands(chart, colours, rebalances) {
  const { ctx, bbox: { left, top, width, height } } = chart;
  ctx.save();
  ctx.fillStyle = colours.of("--break");
  for (const { at, ms } of rebalances) {
    const from = Math.max(left, chart.valToPos((at - ms) / 1_000, "x", true));
    const to = chart.valToPos(at / 1_000, "x", true);
    if (to >= left) {
      ctx.fillRect(from, top, Math.min(left + width, Math.max(to, from + 2 * devicePixelRatio)) - from, height);
    }
  }
  ctx.restore();
}

/** @param {Chart} chart @param {Colours} colours */
function zeroLine(chart, colours) {
  const { ctx, bbox: { left, width } } = chart;
  const y = Math.round(chart.valToPos(0, "y", true));
  ctx.save();
  ctx.fillStyle = colours.of("--ink");
  ctx.fillRect(left, y, width, Math.max(1, devicePixelRatio));
  ctx.restore();
}

/** The cursor by the keyboard. @param {HTMLElement} element @param {Chart} chart */
function arrowKeys(element, chart) {
  element.addEventListener("keydown", (event) => {
    const step = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    const last = chart.data[0].length - 1;
    if (step === 0 || last < 0) return;
    event.preventDefault();
    const index = Math.min(last, Math.max(0, (chart.cursor.idx ?? last) + step));
    chart.setCursor({ left: chart.valToPos(chart.data[0][index], "x"), top: 0 });
  });
  element.addEventListener("blur", () => chart.setCursor({ left: -10, top: -10 }));
}
