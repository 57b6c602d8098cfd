// @ts-check
/** The verdicts: their order on the page, their class of colour, and what each means to a learner. Pure. */

/** @typedef {{ name: string, side: "accepted" | "rejected" | "dead", means: string, fix?: string }} Verdict */

/** From the baseline outwards. @type {readonly Verdict[]} */
export const VERDICTS = [
  {
    name: "accepted",
    side: "accepted",
    means: "The user has paid and there was enough stock: it was deducted, for good.",
  },
  {
    name: "insufficient-stock",
    side: "rejected",
    means: "There was less in stock than the order asks for.",
    fix: "Add stock, then send the rejected orders again.",
  },
  {
    name: "unpaid-user",
    side: "rejected",
    means: "The user is known but has not paid.",
    fix: "Set the user paid, then send the rejected orders again.",
  },
  {
    name: "unknown-item",
    side: "rejected",
    means: "There is no such item.",
    fix: "Add the item, then send the rejected orders again.",
  },
  {
    name: "unknown-user",
    side: "rejected",
    means: "There is no such user.",
    fix: "Add the user, then send the rejected orders again.",
  },
  {
    name: "duplicate",
    side: "rejected",
    means: "An order with this id was accepted before, with the same contents: an id is accepted once, ever.",
  },
  {
    name: "order-id-conflict",
    side: "rejected",
    means: "An order with this id was accepted before, but with other contents.",
  },
  { name: "invalid-quantity", side: "rejected", means: "The quantity is not a whole number above 0." },
  {
    name: "invalid-name",
    side: "rejected",
    means: "The name of the user or item is empty, too long, or has hidden characters.",
  },
  { name: "invalid-order-id", side: "rejected", means: "The id is empty, too long, or has hidden characters." },
  {
    name: "dead-letter",
    side: "dead",
    means: "The record cannot be read as an order. It went unchanged to the dead-letter topic, and reading went on.",
  },
];

const BY_NAME = new Map(VERDICTS.map((verdict) => [verdict.name, verdict]));

/** A reason that this page does not know is a rejection. @param {string} name @returns {Verdict} */
export function verdictOf(name) {
  return BY_NAME.get(name) ?? { name, side: "rejected", means: "" };
}

/** The class that sets the colour `--c`. @param {string} name */
export function verdictClass(name) {
  return `v-${BY_NAME.has(name) ? name : "other"}`;
}

/** @param {{ accepted: number, rejected: Record<string, number>, deadLettered: number }} counts @param {string} name */
export function countOf(counts, name) {
  if (name === "accepted") return counts.accepted;
  return name === "dead-letter" ? counts.deadLettered : counts.rejected[name] ?? 0;
}

/** @param {Record<string, number>} rejected */
export function sum(rejected) {
  return Object.values(rejected).reduce((total, count) => total + count, 0);
}
