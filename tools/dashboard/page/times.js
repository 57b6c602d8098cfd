// @ts-check
/// <reference lib="dom" />
import { GUTTER, MARGIN, mountCharts } from "./charts.js";
import { byId, h, list, onWidth, row, setAttribute, setCells, setText, svg } from "./dom.js";
import { clock, duration, plural, shown, whole } from "./format.js";
import { Owners } from "./owners.js";
import { columns, RateWindow, timeRange, verdictsSeen, WINDOW_MS } from "./rate_data.js";
import { countOf, sum, verdictClass } from "./verdicts.js";
/** The last ten minutes: orders a second, what waited, who read what, and rebalances as breaks in all of them. */

/** @typedef {import("../snapshot.ts").RatePoint} RatePoint */
/** @typedef {import("../snapshot.ts").Snapshot} Snapshot */
/** @typedef {import("../snapshot.ts").Rebalance} Rebalance */
/** @typedef {import("./members.js").Badges} Badges */

const STRIP = 16;
const LABELS = 20;
/** Partitions beyond these are not drawn. */
const MOST_STRIPS = 16;
/** Rows of the table: the newest seconds. */
const TABLE_ROWS = 30;
/** About the width of a letter of the labels. */
const LETTER = 6.2;
const SIGNS = { joined: "+", left: "−", died: "✕", other: "↻" };

/** @param {Badges} badges */
export function mountTimes(badges) {
  const points = new RateWindow();
  const owners = new Owners();
  /** @type {Snapshot | undefined} */
  let latest;
  /** @type {number | null} */
  let cursor = null;
  let width = 0;
  const legend = () => showLegend(points.points, cursor);
  const draw = mountCharts({
    points: () => points.points,
    rebalances: () => latest?.rebalances ?? [],
    at: (index) => {
      if (index === cursor) return;
      cursor = index;
      legend();
    },
  });
  const strips = () => {
    if (latest !== undefined && width > 0) {
      drawStrips({ latest, owners, badges, width, range: timeRange(points.points, 0) });
    }
  };
  onWidth(byId("owner-chart"), (now) => {
    width = now;
    strips();
  });
  return {
    /** @param {RatePoint[]} history */
    history: (history) => points.replace(history),
    /** @param {Snapshot} snapshot */
    note: (snapshot) => {
      points.add(snapshot.rate);
      owners.note(snapshot.lanes, snapshot.at, snapshot.at - WINDOW_MS);
      latest = snapshot;
    },
    draw: () => {
      draw(columns(points.points));
      legend();
      strips();
      showTables(points.points, latest?.rebalances ?? []);
    },
  };
}

/** Figures at the cursor, else the newest. @param {readonly RatePoint[]} points @param {number | null} cursor */
function showLegend(points, cursor) {
  const { rates: [times] } = columns(points);
  const time = cursor === null ? undefined : times[cursor];
  const point = points.find(({ at }) => at / 1_000 === time) ?? points.at(-1);
  setText(byId("rate-at"), point === undefined ? "" : `${clock(point.at)}${point.sampled ? ", from a sample" : ""}`);
  list(byId("rate-legend"), verdictsSeen(points), {
    key: ({ name }) => name,
    make: ({ name, means }) =>
      h("li", { title: means, class: verdictClass(name) }, h("i", { class: "glyph" }), h("span", {}, name), h("b")),
    update: (item, { name }) => setText(item.children[2], whole(point === undefined ? 0 : countOf(point, name))),
  });
  setText(byId("lag-at"), whole(point?.lag));
}

/** @param {{ latest: Snapshot, owners: Owners, badges: Badges, width: number, range: [number, number] }} view */
function drawStrips({ latest, owners, badges, width, range: [from, to] }) {
  const chart = byId("owner-chart");
  const right = width - MARGIN;
  const x = (/** @type {number} */ at) =>
    GUTTER + Math.max(0, Math.min(1, (at - from) / (to - from))) * (right - GUTTER);
  const lanes = latest.lanes.slice(0, MOST_STRIPS);
  const height = LABELS + lanes.length * (STRIP + 3);
  const drawing = chart.firstElementChild ?? chart.appendChild(svg("svg", { "aria-hidden": "true" }));
  setAttribute(drawing, "width", width);
  setAttribute(drawing, "height", height);
  const rows = lanes.flatMap(({ partition }, index) => {
    const y = LABELS + index * (STRIP + 3);
    return [
      svg("text", { x: GUTTER - 6, y: y + 12, "text-anchor": "end" }, document.createTextNode(`p${partition}`)),
      ...(owners.runs.get(partition) ?? []).flatMap((run) => ownerRun(badges.of(run.owner), x(run.from), x(run.to), y)),
    ];
  });
  drawing.replaceChildren(...rows, ...breaks(latest.rebalances, x, { height, from, right }));
}

/** @param {import("./members.js").Badge} badge @param {number} left @param {number} right @param {number} y */
function ownerRun({ letter, colour }, left, right, y) {
  const bar = svg("rect", { class: `owned ${colour}`, x: left, y, width: Math.max(0, right - left), height: STRIP });
  if (right - left < 14) return [bar];
  return [bar, svg("text", { class: "owned-letter", x: left + 4, y: y + 12 }, document.createTextNode(letter))];
}

/** Labels that would lie on one another are left to the table. @param {readonly Rebalance[]} rebalances @param {(at: number) => number} x @param {{ height: number, from: number, right: number }} frame */
function breaks(rebalances, x, { height, from, right }) {
  let free = right;
  return rebalances.filter(({ at }) => at >= from).flatMap(({ at, ms, cause }) => {
    const [left, end] = [x(at - ms), x(at)];
    const parts = [
      svg("rect", {
        class: "gap",
        x: left,
        y: LABELS - 4,
        width: Math.max(2, end - left),
        height: height - LABELS + 4,
      }),
    ];
    const text = `${SIGNS[cause]} ${cause === "other" ? "rebalance" : cause} ${duration(ms / 1_000)}`;
    const size = text.length * LETTER;
    const begin = Math.max(GUTTER, Math.min(left - 2, right - size));
    if (begin + size > free + 2) return parts;
    free = begin - 8;
    return [...parts, svg("text", { class: "gap-text", x: begin, y: 11 }, document.createTextNode(text))];
  });
}

/** @param {readonly RatePoint[]} points @param {readonly Rebalance[]} rebalances */
function showTables(points, rebalances) {
  if (byId("rate-table").hasAttribute("open")) {
    list(byId("rate-rows"), points.slice(-TABLE_ROWS).reverse(), {
      key: ({ at }) => String(at),
      make: () => row("", "", "", "", "", ""),
      update: (line, { at, accepted, rejected, deadLettered, lag }) => {
        const reasons = Object.entries(rejected).filter(([, count]) => count > 0).map(([name, count]) =>
          `${shown(name)} ${whole(count)}`
        ).join(", ");
        setCells(line, [clock(at), whole(accepted), whole(sum(rejected)), reasons, whole(deadLettered), whole(lag)]);
      },
    });
  }
  list(byId("rebalances"), rebalances, {
    key: ({ at, cause }) => `${at} ${cause}`,
    make: ({ at, ms, cause, sentence }) => row(clock(at), cause, duration(ms / 1_000), shown(sentence)),
  });
  setText(
    byId("rebalance-count"),
    rebalances.length === 0 ? "No rebalance yet" : plural(rebalances.length, "rebalance"),
  );
}
