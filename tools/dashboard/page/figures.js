// @ts-check
/// <reference lib="dom" />
import { byId, h, list, setAttribute, setText } from "./dom.js";
import { duration, shown, whole } from "./format.js";
import { sum, verdictClass } from "./verdicts.js";
/** The figures at the top, the stock and the users. */

/** @typedef {import("../snapshot.ts").Snapshot} Snapshot */

/** Sooner than this an item that runs empty is pointed out. */
const SOON_SECONDS = 60;

/** @param {Snapshot} snapshot */
export function showFigures({ lanes, totals, rate }) {
  const rejectedNow = sum(rate.rejected);
  const waiting = lanes.reduce((total, { lag, end, start }) => total + (lag ?? end - start), 0);
  const oldest = lanes.reduce((most, { lagSeconds }) => Math.max(most, lagSeconds ?? 0), 0);
  const kept = totals.accepted + sum(totals.rejected);
  figure(
    "now",
    whole(rate.accepted + rejectedNow + rate.deadLettered),
    rate.sampled ? "records a second, from a sample" : "records a second",
  );
  figure("waiting", whole(waiting), waiting === 0 ? "nothing waits" : `the oldest for ${duration(oldest)}`);
  const exact = totals.exact ? "" : ", still counting";
  figure("accepted", whole(totals.accepted), `${kept === 0 ? "of no orders" : share(totals.accepted, kept)}${exact}`);
  const [worst] = Object.entries(totals.rejected).sort(([, one], [, other]) => other - one);
  figure(
    "rejected",
    whole(sum(totals.rejected)),
    `${worst === undefined || worst[1] === 0 ? "none" : `most: ${shown(worst[0])}`}${exact}`,
  );
  figure("dead", whole(totals.deadLettered), totals.deadLettered === 0 ? "none" : "could not be read as orders");
}

/** @param {string} name @param {string} value @param {string} note */
function figure(name, value, note) {
  const [, number, text] = byId(`figure-${name}`).children;
  setText(number, value);
  setText(text, note);
}

/** @param {number} part @param {number} all */
function share(part, all) {
  const percent = 100 * part / all;
  return `${percent > 99 && percent < 100 ? percent.toFixed(2) : percent.toFixed(percent < 10 ? 1 : 0)}% of all orders`;
}

/** @param {Snapshot} snapshot */
export function showStock({ stock: { items, count } }) {
  list(byId("stock"), items, {
    key: ({ item }) => item,
    make: ({ item }) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, h("bdi", {}, shown(item))),
        h("td", { class: "bar-cell" }, h("div", { class: "bar" }, h("div", { class: "bar-fill" }))),
        h("td", { class: "number" }),
        h("td", { class: "muted" }),
      ),
    update: (line, { quantity, peak, emptyInSeconds }) => {
      const fill = /** @type {HTMLElement} */ (line.querySelector(".bar-fill"));
      fill.style.transform = `scaleX(${peak <= 0 ? 0 : Math.min(1, quantity / peak)})`;
      const isSoon = quantity === 0 || (emptyInSeconds !== null && emptyInSeconds < SOON_SECONDS);
      setAttribute(line, "class", isSoon ? "soon" : "");
      setText(line.children[2], whole(quantity));
      setText(
        line.children[3],
        quantity === 0 ? "empty" : emptyInSeconds === null ? "steady" : `empty in ${duration(roughly(emptyInSeconds))}`,
      );
    },
  });
  setText(byId("stock-note"), rest(items.length, count, "item"));
}

/** To the minute where it is more than one. @param {number} seconds */
function roughly(seconds) {
  return seconds < 60 ? seconds : Math.round(seconds / 60) * 60;
}

/** @param {Snapshot} snapshot */
export function showUsers({ users: { users, count } }) {
  list(byId("users"), users, {
    key: ({ name }) => name,
    make: ({ name }) => h("li", {}, h("bdi", {}, shown(name)), h("span")),
    update: (item, { status }) => {
      setAttribute(item, "class", status === "paid" ? "paid" : "unpaid");
      setText(item.children[1], shown(status));
    },
  });
  setText(byId("users-note"), rest(users.length, count, "user"));
}

/** @param {number} shown @param {number} count @param {string} noun */
function rest(shown, count, noun) {
  if (count === 0) return `No ${noun}s yet. Create the samples: deno task bootstrap`;
  return count > shown ? `${whole(shown)} of ${whole(count)} ${noun}s` : "";
}

/** A verdict as a shape in its colour, with its name. @param {string} name */
export function verdict(name) {
  return h("span", { class: `verdict ${verdictClass(name)}` }, h("i", { class: "glyph" }), h("span", {}, shown(name)));
}
