// @ts-check
/// <reference lib="dom" />
import { setAttribute, setText, svg } from "./dom.js";
import { short, whole } from "./format.js";
import { cellX, lagX } from "./lane_scale.js";
import { verdictOf, VERDICTS } from "./verdicts.js";
/** The drawing of one partition: what was read, the committed offset, and what waits. */

/** @typedef {import("../snapshot.ts").Lane} Lane */
/** @typedef {import("./lane_scale.js").LaneScale} LaneScale */

const TRACK_HEIGHT = 62;
const BASE = 26;
const UP = 17;
const DOWN = 11;
const TEXT_Y = 57;
/** About the width of a digit of the labels. */
const DIGIT = 6.4;

export class LaneTrack {
  element = svg("svg", { class: "track", height: TRACK_HEIGHT, "aria-hidden": "true" });
  #parts = {
    older: svg("path", { class: "older" }),
    rail: svg("path", { class: "rail" }),
    waiting: svg("rect", { class: "waiting", y: BASE - 10, height: 20, width: 1 }),
    ahead: svg("path", { class: "ahead" }),
    committed: svg("path", { class: "cursor" }),
    end: svg("path", { class: "end" }),
    startText: svg("text", { y: TEXT_Y, class: "start-text" }),
    committedText: svg("text", { y: TEXT_Y, "text-anchor": "end", class: "committed-text" }),
    endText: svg("text", { y: TEXT_Y, class: "end-text" }),
  };
  /** @type {Map<string, SVGPathElement>} */
  #marks = new Map();

  constructor() {
    const { older, rail, waiting, ahead, committed, end, ...texts } = this.#parts;
    this.element.append(ahead, waiting, older, rail);
    for (const name of [...VERDICTS.map((verdict) => verdict.name), "other"]) {
      const path = svg("path", { class: `mark v-${name}` });
      this.#marks.set(name, path);
      this.element.append(path);
    }
    this.element.append(end, committed, ...Object.values(texts));
  }

  /** @param {Lane} lane @param {LaneScale} scale */
  draw(lane, scale) {
    const { start, end } = lane;
    const read = lane.committed;
    const known = read !== null;
    const { older, rail, waiting, ahead, committed, end: endTick } = this.#parts;
    const endX = lagX(scale, lane.lag ?? end - start);
    const isEmpty = end === start;
    setAttribute(this.element, "width", scale.width);
    setAttribute(
      older,
      "d",
      isEmpty || !known ? "" : `M1 ${BASE - 6}V${BASE + 6}M1 ${BASE}H${scale.history - 14}m2 5l4 -10m3 10l4 -10`,
    );
    setAttribute(rail, "d", isEmpty || !known ? "" : `M${scale.history} ${BASE}H${scale.committed}`);
    setAttribute(ahead, "d", `M${scale.committed} ${BASE}H${scale.right}`);
    setAttribute(waiting, "class", known ? "waiting" : "waiting unread");
    waiting.style.transform = `translateX(${scale.committed}px) scaleX(${endX - scale.committed})`;
    setAttribute(committed, "d", known ? `M${scale.committed} ${BASE - 20}V${BASE + 18}` : "");
    endTick.style.transform = `translateX(${endX}px)`;
    setAttribute(endTick, "d", `M0 ${BASE - 14}V${BASE + 14}`);
    this.#drawMarks(lane, scale);
    this.#label(lane, scale, endX);
  }

  /** @param {Lane} lane @param {LaneScale} scale */
  #drawMarks({ marks }, scale) {
    /** @type {Map<string, string>} */
    const paths = new Map();
    const shown = marks.slice(-scale.cells);
    const width = scale.pitch - 2;
    shown.forEach(({ verdict }, index) => {
      const x = cellX(scale, shown.length - 1 - index);
      const name = this.#marks.has(verdict) ? verdict : "other";
      paths.set(name, `${paths.get(name) ?? ""}${glyph(verdictOf(verdict).side, x, width)}`);
    });
    for (const [name, path] of this.#marks) setAttribute(path, "d", paths.get(name) ?? "");
  }

  /** @param {Lane} lane @param {LaneScale} scale @param {number} endX */
  #label({ start, end, committed: read }, scale, endX) {
    const { startText, committedText, endText } = this.#parts;
    const isWide = scale.width > 420;
    const startLabel = isWide ? `start ${whole(start)}` : short(start);
    const readLabel = read === null ? "nothing committed" : isWide ? `committed ${whole(read)}` : whole(read);
    const endLabel = isWide ? `end ${whole(end)}` : whole(end);
    setText(startText, startLabel);
    setText(committedText, readLabel);
    setAttribute(committedText, "x", Math.max(scale.committed + 1, (startLabel.length + readLabel.length) * DIGIT));
    setText(endText, endLabel);
    const fits = endX + endLabel.length * DIGIT < scale.width;
    setAttribute(endText, "text-anchor", fits ? "start" : "end");
    endText.style.transform = `translateX(${fits ? Math.max(endX - 1, scale.committed + 10) : scale.width}px)`;
  }
}

/** Accepted stands on the line, rejected hangs below it, a dead letter is a cross below it. @param {string} side @param {number} x @param {number} width */
function glyph(side, x, width) {
  if (side === "accepted") return `M${x} ${BASE - 2}v${-UP}h${width}v${UP}z`;
  if (side === "rejected") return `M${x} ${BASE + 2}v${DOWN}h${width}v${-DOWN}z`;
  const [left, right, top, bottom] = [x - 0.5, x + width + 0.5, BASE + 4, BASE + 12];
  return `M${left} ${top}L${right} ${bottom}M${right} ${top}L${left} ${bottom}`;
}
