// @ts-check
/// <reference lib="dom" />
import { ask, sentence } from "./connection.js";
import { byId, h, list, setText } from "./dom.js";
import { verdict } from "./figures.js";
import { moment, shown, whole } from "./format.js";
/** The last orders, with a search. */

/** @typedef {import("../snapshot.ts").Snapshot} Snapshot */
/** @typedef {import("../snapshot.ts").SeenOrder} SeenOrder */
/** @typedef {import("../snapshot.ts").OrdersAnswer} OrdersAnswer */

const TYPING_MS = 250;
/** A search is asked again this often: orders go on coming. */
const AGAIN_MS = 3_000;

/** @param {(orderId: string) => void} explain */
export function mountOrders(explain) {
  const field = /** @type {HTMLInputElement} */ (byId("search"));
  const onlyRejected = /** @type {HTMLInputElement} */ (byId("only-rejected"));
  const rows = byId("orders");
  /** @type {SeenOrder[]} */
  let latest = [];
  /** @type {{ text: string, answer: OrdersAnswer, at: number } | undefined} */
  let found;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let isHeld = false;

  const draw = () => {
    const orders = (found?.answer.orders ?? latest).filter((order) =>
      !onlyRejected.checked || order.verdict === "rejected"
    );
    list(rows, orders, { key: keyOf, make: (order) => line(order, explain) });
    setText(byId("orders-note"), note(orders.length, found));
  };
  const search = async () => {
    const text = field.value.trim();
    if (text === "") {
      found = undefined;
      return draw();
    }
    try {
      const answer = await ask(`/api/orders?q=${encodeURIComponent(text)}`);
      if (field.value.trim() !== text) return;
      found = { text, answer, at: Date.now() };
      draw();
    } catch (error) {
      setText(byId("orders-note"), `${sentence(error)}.`);
    }
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, TYPING_MS);
  });
  onlyRejected.addEventListener("change", draw);
  const hold = (/** @type {boolean} */ now) => {
    isHeld = now;
    byId("orders-held").hidden = !now;
    if (!now) draw();
  };
  rows.addEventListener("pointerenter", () => hold(true));
  rows.addEventListener("pointerleave", () => hold(rows.contains(document.activeElement)));
  rows.addEventListener("focusin", () => hold(true));
  rows.addEventListener(
    "focusout",
    ({ relatedTarget }) => hold(relatedTarget instanceof Node && rows.contains(relatedTarget)),
  );

  return (/** @type {Snapshot} */ snapshot) => {
    latest = snapshot.orders;
    if (isHeld) return;
    if (found === undefined) draw();
    else if (Date.now() - found.at > AGAIN_MS) {
      found.at = Date.now();
      void search();
    }
  };
}

/** @param {SeenOrder} order */
function keyOf(order) {
  return `${order.partition} ${order.offset} ${order.order_id} ${order.verdict === "rejected" ? order.reason : ""}`;
}

/** @param {SeenOrder} order @param {(orderId: string) => void} explain */
function line(order, explain) {
  const { order_id: id, user, item, quantity, partition, offset, at } = order;
  const name = order.verdict === "accepted" ? "accepted" : order.reason;
  const left = order.verdict === "accepted" ? order.remaining : order.stock;
  return h(
    "tr",
    {},
    h("td", { class: "time" }, moment(at)),
    h(
      "td",
      { class: "id" },
      h("button", { class: "link", title: shown(id), click: () => explain(id) }, h("bdi", {}, shown(id) || "(no id)")),
    ),
    h("td", {}, h("bdi", {}, shown(user))),
    h("td", {}, h("bdi", {}, shown(item))),
    h("td", { class: "number" }, whole(quantity)),
    h("td", { class: "verdict-cell" }, verdict(name)),
    h("td", { class: "number left" }, whole(left)),
    h("td", { class: "number where" }, `${partition} · ${whole(offset)}`),
  );
}

/** @param {number} count @param {{ text: string, answer: OrdersAnswer } | undefined} found */
function note(count, found) {
  if (found === undefined) return count === 0 ? "No orders yet." : `The last ${whole(count)}.`;
  return `${whole(count)} with “${found.text}” among the last ${whole(found.answer.searched)} orders.`;
}
