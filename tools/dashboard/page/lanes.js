// @ts-check
/// <reference lib="dom" />
import { byId, h, list, onWidth, setAttribute, setText, svg } from "./dom.js";
import { duration, plural, short, shown, whole } from "./format.js";
import { cellX, lagX, laneScale, steps } from "./lane_scale.js";
import { LaneTrack } from "./lane_track.js";
import { NOBODY } from "./members.js";
import { verdictOf } from "./verdicts.js";
/** One lane a partition, with the scale above them. */

/** @typedef {import("../snapshot.ts").Lane} Lane */
/** @typedef {import("../snapshot.ts").Snapshot} Snapshot */
/** @typedef {import("./members.js").Badges} Badges */
/** @typedef {import("./lane_scale.js").LaneScale} LaneScale */

/** Most marks of a lane. */
const MARKS = 60;
/** Lanes beyond these are in the table alone. */
const MOST_LANES = 32;
const POINT = "Point at a mark to see its offset and verdict; click it to see what became of the order.";

export class Lanes {
  #badges;
  #explain;
  #axis = svg("svg", { height: 26, class: "axis", "aria-hidden": "true" });
  /** @type {Map<Element, LaneTrack>} */
  #tracks = new Map();
  /** @type {Snapshot | undefined} */
  #latest;
  #width = 0;

  /** @param {Badges} badges @param {(orderId: string) => void} explain */
  constructor(badges, explain) {
    this.#badges = badges;
    this.#explain = explain;
    this.#read();
    byId("lane-axis").append(this.#axis);
    onWidth(byId("lane-axis"), (width) => {
      this.#width = width;
      this.#draw();
    });
  }

  /** @param {Snapshot} snapshot */
  show(snapshot) {
    this.#latest = snapshot;
    const lanes = snapshot.lanes.slice(0, MOST_LANES);
    list(byId("lanes"), lanes, {
      key: ({ partition }) => String(partition),
      make: (lane) => this.#make(lane),
      update: (item, lane) => label(item, lane, this.#badges),
    });
    for (const item of this.#tracks.keys()) {
      if (!item.isConnected) this.#tracks.delete(item);
    }
    const more = snapshot.lanes.length - lanes.length;
    setText(byId("lanes-more"), more > 0 ? `${plural(more, "more partition")}: in the table below.` : "");
    this.#draw();
  }

  #draw() {
    if (this.#latest === undefined || this.#width === 0) return;
    const scale = scaleOf(this.#latest, this.#width);
    drawAxis(this.#axis, scale);
    for (const [item, track] of this.#tracks) {
      const lane = this.#latest.lanes.find(({ partition }) => String(partition) === item.getAttribute("data-key"));
      if (lane !== undefined) track.draw(lane, scale);
    }
  }

  /** @param {Lane} lane */
  #make({ partition }) {
    const track = new LaneTrack();
    const { element } = track;
    const item = h(
      "li",
      { class: "lane" },
      h(
        "div",
        { class: "lane-name" },
        h("b", {}, `Partition ${partition}`),
        h("span", { class: "owner" }, h("i", { class: "badge" }), h("span", { class: "owner-name" })),
      ),
      h("div", { class: "lane-track" }, element),
      h("div", { class: "lane-lag" }, h("b"), h("span")),
    );
    this.#tracks.set(item, track);
    const at = (/** @type {MouseEvent} */ { offsetX }) =>
      this.#latest && markAt(this.#latest, { partition, x: offsetX, width: this.#width });
    element.addEventListener("pointermove", (event) => {
      const mark = at(event);
      this.#read(mark?.text);
      setAttribute(element, "class", mark?.orderId === undefined ? "track" : "track known");
    });
    element.addEventListener("pointerleave", () => this.#read());
    element.addEventListener("click", (event) => {
      const orderId = at(event)?.orderId;
      if (orderId !== undefined) this.#explain(orderId);
    });
    return item;
  }

  #read(text = POINT) {
    setText(byId("lane-readout"), text);
  }
}

/** @param {Snapshot} snapshot @param {number} width */
function scaleOf({ lanes }, width) {
  return laneScale(width, Math.max(0, ...lanes.map(({ lag, end, start }) => lag ?? end - start)), MARKS);
}

/** @param {Element} item @param {Lane} lane @param {Badges} badges */
function label(item, lane, badges) {
  const badge = badges.of(lane.owner);
  setAttribute(item, "class", `lane ${badge.colour}`);
  const [letter, name] = /** @type {Element} */ (item.querySelector(".owner")).children;
  setText(letter, badge.letter);
  setText(name, badge === NOBODY ? "nobody reads it" : `read by ${badge.letter}`);
  const [figure, note] = /** @type {Element} */ (item.querySelector(".lane-lag")).children;
  setText(figure, whole(lane.lag ?? lane.end - lane.start));
  setText(note, lagNote(lane));
  setAttribute(item, "data-lag", lane.lag === 0 ? undefined : "some");
}

/** @param {Lane} lane */
function lagNote({ committed, start, end, lag, lagSeconds }) {
  if (committed === null) return end === start ? "empty" : "never read";
  if (committed < start) return `${whole(start - committed)} deleted unread`;
  if (lag === 0) return "waiting";
  return lagSeconds === null ? "waiting" : `waiting · ${duration(lagSeconds)}`;
}

/** @param {SVGSVGElement} axis @param {LaneScale} scale */
function drawAxis(axis, scale) {
  const isNarrow = scale.right - scale.committed < 320;
  setAttribute(axis, "width", scale.width);
  axis.replaceChildren(
    text("◂ read, newest last", { x: scale.committed - 8, y: 10, "text-anchor": "end" }),
    text(isNarrow ? "waiting ▸" : "waiting ▸ each step is ten times more", { x: scale.committed + 8, y: 10 }),
    ...steps(scale).flatMap((lag) => {
      const x = lagX(scale, lag);
      return [svg("path", { d: `M${x} 22V26` }), text(short(lag), { x, y: 21, "text-anchor": "middle" })];
    }),
  );
}

/** @param {string} content @param {Record<string, string | number>} props */
function text(content, props) {
  return svg("text", props, document.createTextNode(content));
}

/** What is under the pointer. @param {Snapshot} snapshot @param {{ partition: number, x: number, width: number }} place */
function markAt(snapshot, { partition, x, width }) {
  const scale = scaleOf(snapshot, width);
  const age = Math.floor((cellX(scale, -1) - x) / scale.pitch);
  const marks = snapshot.lanes.find((lane) => lane.partition === partition)?.marks ?? [];
  const mark = age < 0 || age >= scale.cells ? undefined : marks.at(-1 - age);
  if (mark === undefined) return undefined;
  const order = snapshot.orders.find((one) => one.partition === partition && one.offset === mark.offset);
  const what = order === undefined ? "" : `: ${order.quantity} ${shown(order.item)} for ${shown(order.user)}`;
  const { name, means } = verdictOf(mark.verdict);
  const where = `Partition ${partition}, offset ${whole(mark.offset)}`;
  return { orderId: order?.order_id, text: `${where}${what}: ${shown(name)}. ${means}` };
}
