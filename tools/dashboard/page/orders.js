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

export class Orders {
  #explain;
  #field = /** @type {HTMLInputElement} */ (byId("search"));
  #onlyRejected = /** @type {HTMLInputElement} */ (byId("only-rejected"));
  #rows = byId("orders");
  /** @type {SeenOrder[]} */
  #latest = [];
  /** @type {{ text: string, answer: OrdersAnswer, at: number } | undefined} */
  #found;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** While someone is in the list it does not move under them. */
  #isHeld = false;

  /** @param {(orderId: string) => void} explain */
  constructor(explain) {
    this.#explain = explain;
    this.#field.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#search(), TYPING_MS);
    });
    this.#field.form?.addEventListener("submit", (event) => event.preventDefault());
    this.#onlyRejected.addEventListener("change", () => this.#draw());
    const rows = this.#rows;
    rows.addEventListener("pointerenter", () => this.#hold(true));
    rows.addEventListener("pointerleave", () => this.#hold(rows.contains(document.activeElement)));
    rows.addEventListener("focusin", () => this.#hold(true));
    rows.addEventListener("focusout", ({ relatedTarget }) => {
      this.#hold(relatedTarget instanceof Node && rows.contains(relatedTarget));
    });
  }

  /** @param {Snapshot} snapshot */
  show({ orders }) {
    this.#latest = orders;
    if (this.#isHeld) return;
    if (this.#found === undefined) this.#draw();
    else if (Date.now() - this.#found.at > AGAIN_MS) {
      this.#found.at = Date.now();
      void this.#search();
    }
  }

  async #search() {
    const text = this.#field.value.trim();
    try {
      const answer = text === "" ? undefined : await ask(`/api/orders?q=${encodeURIComponent(text)}`);
      if (this.#field.value.trim() !== text) return;
      this.#found = answer && { text, answer, at: Date.now() };
      this.#draw();
    } catch (error) {
      setText(byId("orders-note"), `${sentence(error)}.`);
    }
  }

  #draw() {
    const all = this.#found?.answer.orders ?? this.#latest;
    const orders = all.filter(({ verdict }) => !this.#onlyRejected.checked || verdict === "rejected");
    list(this.#rows, orders, { key: keyOf, make: (order) => line(order, this.#explain) });
    setText(byId("orders-note"), note(orders.length, this.#found));
  }

  /** @param {boolean} now */
  #hold(now) {
    this.#isHeld = now;
    byId("orders-held").hidden = !now;
    if (!now) this.#draw();
  }
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
  const button = h("button", { class: "link", title: shown(id), click: () => explain(id) }, nameOf(id));
  return h(
    "tr",
    {},
    h("td", { class: "time" }, moment(at)),
    h("td", { class: "id" }, button),
    h("td", {}, nameOf(user)),
    h("td", {}, nameOf(item)),
    h("td", { class: "number" }, whole(quantity)),
    h("td", { class: "verdict-cell" }, verdict(name)),
    h("td", { class: "number left" }, whole(left)),
    h("td", { class: "number where" }, `${partition} · ${whole(offset)}`),
  );
}

/** @param {string} text */
function nameOf(text) {
  return h("bdi", {}, shown(text) || "(empty)");
}

/** @param {number} count @param {{ text: string, answer: OrdersAnswer } | undefined} found */
function note(count, found) {
  if (found === undefined) return count === 0 ? "No orders yet." : `The last ${whole(count)}.`;
  return `${whole(count)} with “${found.text}” among the last ${whole(found.answer.searched)} orders.`;
}
