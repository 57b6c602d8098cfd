// @ts-check
/// <reference lib="dom" />
import { GUTTER, MARGIN } from "./charts.js";
import { byId, setAttribute, svg } from "./dom.js";
import { duration } from "./format.js";
/** Who read which partition when: a strip each, with the rebalances as breaks in all of them. */

/** @typedef {import("../snapshot.ts").Snapshot} Snapshot */
/** @typedef {import("../snapshot.ts").Rebalance} Rebalance */
/** @typedef {import("./members.js").Badges} Badges */

const STRIP = 16;
const SPACE = 3;
/** Height of the labels above. */
const LABELS = 20;
/** Partitions beyond these are not drawn. */
const MOST = 16;
/** About the width of a letter of the labels. */
const LETTER = 6.2;
const SIGNS = { joined: "+", left: "−", died: "✕", other: "↻" };

/** @param {Snapshot} snapshot @param {{ badges: Badges, width: number, range: [number, number] }} view */
export function drawStrips({ lanes, tenures, rebalances }, { badges, width, range: [from, to] }) {
  const chart = byId("owner-chart");
  const right = width - MARGIN;
  const x = (/** @type {number} */ at) =>
    GUTTER + Math.max(0, Math.min(1, (at - from) / (to - from))) * (right - GUTTER);
  const shown = lanes.slice(0, MOST);
  const height = LABELS + shown.length * (STRIP + SPACE);
  const drawing = chart.firstElementChild ?? chart.appendChild(svg("svg", { "aria-hidden": "true" }));
  setAttribute(drawing, "width", width);
  setAttribute(drawing, "height", height);
  const strips = shown.flatMap(({ partition }, index) => {
    const y = LABELS + index * (STRIP + SPACE);
    const owned = tenures.filter((tenure) => tenure.partition === partition && tenure.to >= from);
    return [
      text(`p${partition}`, { x: GUTTER - 6, y: y + 12, "text-anchor": "end" }),
      ...owned.flatMap((tenure) => strip(badges.of(tenure.owner), { left: x(tenure.from), right: x(tenure.to), y })),
    ];
  });
  drawing.replaceChildren(...strips, ...breaks(rebalances, x, { height, from, right }));
}

/** @param {import("./members.js").Badge} badge @param {{ left: number, right: number, y: number }} place */
function strip({ letter, colour }, { left, right, y }) {
  const bar = svg("rect", { class: `owned ${colour}`, x: left, y, width: Math.max(0, right - left), height: STRIP });
  if (right - left < 14) return [bar];
  return [bar, text(letter, { class: "owned-letter", x: left + 4, y: y + 12 })];
}

/**
 * Labels that would lie on one another are left to the table.
 *
 * @param {readonly Rebalance[]} rebalances newest first
 * @param {(at: number) => number} x
 * @param {{ height: number, from: number, right: number }} frame
 */
function breaks(rebalances, x, { height, from, right }) {
  let free = right;
  return rebalances.filter(({ at }) => at >= from).flatMap(({ at, ms, cause }) => {
    const [left, end] = [x(at - ms), x(at)];
    const gap = svg("rect", {
      class: "gap",
      x: left,
      y: LABELS - 4,
      width: Math.max(2, end - left),
      height: height - LABELS + 4,
    });
    const label = `${SIGNS[cause]} ${cause === "other" ? "rebalance" : cause} · ${duration(ms / 1_000)}`;
    const size = label.length * LETTER;
    const begin = Math.max(GUTTER, Math.min(left - 2, right - size));
    if (begin + size > free) return [gap];
    free = begin - 8;
    return [gap, text(label, { class: "gap-text", x: begin, y: 11 })];
  });
}

/** @param {string} content @param {Record<string, string | number>} props */
function text(content, props) {
  return svg("text", props, document.createTextNode(content));
}
