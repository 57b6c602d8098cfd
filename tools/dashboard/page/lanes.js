// @ts-check
/// <reference lib="dom" />
import { byId, h, list, onWidth, row, setAttribute, setCells, setText, svg } from "./dom.js";
import { duration, plural, short, shown, whole } from "./format.js";
import { cellX, lagX, laneScale, steps } from "./lane_scale.js";
import { LaneTrack } from "./lane_track.js";
import { NOBODY } from "./members.js";
import { verdictOf } from "./verdicts.js";
/** One lane a partition, the scale above them, the members below, and the same as a table. */

/** @typedef {import("../snapshot.ts").Lane} Lane */
/** @typedef {import("../snapshot.ts").Snapshot} Snapshot */
/** @typedef {import("./members.js").Badges} Badges */
/** @typedef {import("./lane_scale.js").LaneScale} LaneScale */

/** Most marks of a lane. */
const MARKS = 60;
/** Lanes beyond these are in the table alone. */
const MOST_LANES = 32;
const POINT = "Point at a mark to see its offset and verdict; click it to see what became of the order.";

/** @param {Badges} badges @param {(orderId: string) => void} explain */
export function mountLanes(badges, explain) {
  const lanes = byId("lanes");
  const readout = byId("lane-readout");
  /** @type {Map<Element, LaneTrack>} */
  const tracks = new Map();
  /** @type {Snapshot | undefined} */
  let latest;
  let width = 0;
  const axis = mountAxis();

  const draw = () => {
    if (latest === undefined || width === 0) return;
    const scale = laneScale(
      width,
      Math.max(0, ...latest.lanes.map((lane) => lane.lag ?? lane.end - lane.start)),
      MARKS,
    );
    axis(scale);
    for (const child of lanes.children) {
      const lane = latest.lanes.find(({ partition }) => String(partition) === child.getAttribute("data-key"));
      if (lane !== undefined) tracks.get(child)?.draw(lane, scale);
    }
  };
  onWidth(byId("lane-axis"), (now) => {
    width = now;
    draw();
  });

  /** @param {Lane} lane */
  const make = ({ partition }) => {
    const track = new LaneTrack();
    const item = h(
      "li",
      { class: "lane" },
      h("div", { class: "lane-name" }, h("b", {}, `Partition ${partition}`), owner()),
      h("div", { class: "lane-track" }, track.element),
      h("div", { class: "lane-lag" }, h("b"), h("span")),
    );
    tracks.set(item, track);
    const at = (/** @type {MouseEvent} */ event) => markAt(event, { latest, partition, width });
    track.element.addEventListener("pointermove", (event) => {
      const found = at(event);
      setText(readout, found?.text ?? POINT);
      setAttribute(track.element, "class", found?.orderId === undefined ? "track" : "track known");
    });
    track.element.addEventListener("pointerleave", () => setText(readout, POINT));
    track.element.addEventListener("click", (event) => {
      const orderId = at(event)?.orderId;
      if (orderId !== undefined) explain(orderId);
    });
    return item;
  };
  setText(readout, POINT);

  return (/** @type {Snapshot} */ snapshot) => {
    latest = snapshot;
    const shownLanes = snapshot.lanes.slice(0, MOST_LANES);
    list(lanes, shownLanes, {
      key: ({ partition }) => String(partition),
      make,
      update: (item, lane) => label(item, lane, badges),
    });
    for (const item of tracks.keys()) {
      if (!item.isConnected) tracks.delete(item);
    }
    const more = snapshot.lanes.length - shownLanes.length;
    setText(byId("lanes-more"), more > 0 ? `${plural(more, "more partition")}: in the table below.` : "");
    draw();
    showMembers(snapshot, badges);
    showTable(snapshot, badges);
  };
}

function owner() {
  return h("span", { class: "owner" }, h("i", { class: "badge" }), h("span", { class: "owner-name" }));
}

/** @param {Element} item @param {Lane} lane @param {Badges} badges */
function label(item, lane, badges) {
  const badge = badges.of(lane.owner);
  setAttribute(item, "class", `lane ${badge.colour}`);
  setText(/** @type {Element} */ (item.querySelector(".badge")), badge.letter);
  setText(
    /** @type {Element} */ (item.querySelector(".owner-name")),
    badge === NOBODY ? "nobody reads it" : `read by ${badge.letter}`,
  );
  const [figure, note] = /** @type {Element} */ (item.querySelector(".lane-lag")).children;
  setText(figure, whole(lane.lag ?? lane.end - lane.start));
  setText(note, lagNote(lane));
  setAttribute(item, "data-lag", lane.lag === 0 ? undefined : "some");
}

/** @param {Lane} lane */
function lagNote({ committed, start, end, lag, lagSeconds }) {
  if (committed === null) return end === start ? "empty" : "never read";
  if (committed < start) return `${whole(start - committed)} deleted before they were read`;
  if (lag === 0) return "waiting";
  return lagSeconds === null ? "waiting" : `waiting · ${duration(lagSeconds)}`;
}

function mountAxis() {
  const drawing = svg("svg", { height: 26, class: "axis", "aria-hidden": "true" });
  byId("lane-axis").append(drawing);
  return (/** @type {LaneScale} */ scale) => {
    setAttribute(drawing, "width", scale.width);
    const narrow = scale.right - scale.committed < 320;
    drawing.replaceChildren(
      svg(
        "text",
        { x: scale.committed - 8, y: 10, "text-anchor": "end" },
        document.createTextNode("◂ read, newest last"),
      ),
      svg(
        "text",
        { x: scale.committed + 8, y: 10 },
        document.createTextNode(narrow ? "waiting ▸" : "waiting ▸ each step is ten times more"),
      ),
      ...steps(scale).flatMap((lag) => tick(lag, lagX(scale, lag))),
    );
  };
}

/** @param {number} lag @param {number} x */
function tick(lag, x) {
  return [
    svg("path", { d: `M${x} 22V26` }),
    svg(
      "text",
      { x, y: 21, "text-anchor": "middle", class: "tick" },
      document.createTextNode(lag === 0 ? "0" : short(lag)),
    ),
  ];
}

/** What is under the pointer. @param {MouseEvent} event @param {{ latest: Snapshot | undefined, partition: number, width: number }} lane */
function markAt(event, { latest, partition, width }) {
  const lane = latest?.lanes.find((one) => one.partition === partition);
  if (latest === undefined || lane === undefined) return undefined;
  const scale = laneScale(width, Math.max(0, ...latest.lanes.map(({ lag, end, start }) => lag ?? end - start)), MARKS);
  const age = Math.floor((cellX(scale, -1) - event.offsetX) / scale.pitch);
  const mark = age < 0 || age >= scale.cells ? undefined : lane.marks.at(-1 - age);
  if (mark === undefined) return undefined;
  const order = latest.orders.find((one) => one.partition === partition && one.offset === mark.offset);
  const what = order === undefined ? "" : `: ${order.quantity} ${shown(order.item)} for ${shown(order.user)}`;
  const { name, means } = verdictOf(mark.verdict);
  return {
    orderId: order?.order_id,
    text: `Partition ${partition}, offset ${whole(mark.offset)}${what}: ${shown(name)}. ${means}`,
  };
}

/** @param {Snapshot} snapshot @param {Badges} badges */
function showMembers({ members }, badges) {
  list(byId("members"), members, {
    key: ({ id }) => id,
    make: () =>
      h("li", {}, h("i", { class: "badge" }), h("span", { class: "member-name" }), h("span", { class: "muted" })),
    update: (item, { id, clientId, host, partitions }) => {
      const { letter, colour } = badges.of(id);
      setAttribute(item, "class", partitions.length === 0 ? "member idle" : `member ${colour}`);
      setAttribute(item, "title", shown(id));
      const share = partitions.length === 0
        ? "idle: there are more members than partitions"
        : `reads ${partitions.length > 1 ? "partitions" : "partition"} ${partitions.join(", ")}`;
      setCells(item, [letter, `${shown(clientId)} at ${shown(host.replace(/^\//, ""))}`, share]);
    },
  });
  setText(byId("members-none"), members.length === 0 ? "No member: nobody reads the topic." : "");
}

/** @param {Snapshot} snapshot @param {Badges} badges */
function showTable({ lanes }, badges) {
  list(byId("lane-rows"), lanes, {
    key: ({ partition }) => String(partition),
    make: () => row("", "", "", "", "", "", ""),
    update: (line, { partition, owner, start, committed, end, lag, lagSeconds }) =>
      setCells(line, [
        String(partition),
        badges.of(owner).letter,
        whole(start),
        whole(committed),
        whole(end),
        whole(lag),
        lagSeconds === null ? "–" : duration(lagSeconds),
      ]),
  });
}
