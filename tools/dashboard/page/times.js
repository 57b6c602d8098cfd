// @ts-check
/// <reference lib="dom" />
import { mountCharts } from "./charts.js";
import { byId, h, list, onWidth, row, setCells, setText } from "./dom.js";
import { clock, duration, plural, shown, whole } from "./format.js";
import { columns, RateWindow, timeRange, verdictsSeen } from "./rate_data.js";
import { drawStrips } from "./strips.js";
import { countOf, sum, verdictClass } from "./verdicts.js";
/** The last ten minutes: orders a second, what waited, who read what, and rebalances as breaks in all of them. */

/** @typedef {import("../snapshot.ts").RatePoint} RatePoint */
/** @typedef {import("../snapshot.ts").Snapshot} Snapshot */
/** @typedef {import("../snapshot.ts").Rebalance} Rebalance */
/** @typedef {import("./members.js").Badges} Badges */

/** Rows of the table: the newest seconds. */
const TABLE_ROWS = 30;

export class Times {
  #badges;
  #window = new RateWindow();
  /** @type {Snapshot | undefined} */
  #latest;
  /** @type {number | null} */
  #cursor = null;
  #width = 0;
  #draw;

  /** @param {Badges} badges */
  constructor(badges) {
    this.#badges = badges;
    this.#draw = mountCharts({
      points: () => this.#window.points,
      rebalances: () => this.#latest?.rebalances ?? [],
      at: (index) => {
        if (index === this.#cursor) return;
        this.#cursor = index;
        showLegend(this.#window.points, index);
      },
    });
    onWidth(byId("owner-chart"), (width) => {
      this.#width = width;
      this.#drawStrips();
    });
  }

  /** @param {RatePoint[]} points what there was before the page was opened, or while it was slow */
  history(points) {
    this.#window.replace(points);
  }

  /** @param {Snapshot} snapshot */
  note(snapshot) {
    this.#window.add(snapshot.rate);
    this.#latest = snapshot;
  }

  show() {
    const { points } = this.#window;
    this.#draw(columns(points));
    showLegend(points, this.#cursor);
    this.#drawStrips();
    showTables(points, this.#latest?.rebalances ?? []);
  }

  #drawStrips() {
    if (this.#latest === undefined || this.#width === 0) return;
    const range = timeRange(this.#window.points, 0);
    drawStrips(this.#latest, { badges: this.#badges, width: this.#width, range });
  }
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

/** @param {readonly RatePoint[]} points @param {readonly Rebalance[]} rebalances */
function showTables(points, rebalances) {
  if (byId("rate-table").hasAttribute("open")) {
    list(byId("rate-rows"), points.slice(-TABLE_ROWS).reverse(), {
      key: ({ at }) => String(at),
      make: () => row("", "", "", "", "", ""),
      update: (line, { at, accepted, rejected, deadLettered, lag }) => {
        const reasons = Object.entries(rejected).filter(([, count]) => count > 0);
        const texts = reasons.map(([name, count]) => `${shown(name)} ${whole(count)}`).join(", ");
        setCells(line, [
          clock(at),
          whole(accepted),
          whole(sum(rejected)),
          texts,
          whole(deadLettered),
          whole(lag),
        ]);
      },
    });
  }
  list(byId("rebalances"), rebalances, {
    key: ({ at, cause }) => `${at} ${cause}`,
    make: ({ at, ms, cause, sentence }) => row(clock(at), cause, duration(ms / 1_000), shown(sentence)),
  });
  const { length } = rebalances;
  setText(byId("rebalance-count"), length === 0 ? "No rebalance yet" : plural(length, "rebalance"));
}
