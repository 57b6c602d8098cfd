// @ts-check
import { moment, plural, shown, whole } from "./format.js";
import { verdictOf } from "./verdicts.js";
/** What became of one order, told in steps. Pure. */

/** @typedef {import("../snapshot.ts").WhyAnswer} WhyAnswer */
/** @typedef {{ title: string, text: string, at?: number, verdict?: string }} Step */

/** From the key to today. @param {WhyAnswer} answer @returns {Step[]} */
export function whyStory(answer) {
  if (!answer.known) {
    return [{ title: "Nothing is known", text: "Neither the store nor the topic has an order with this id." }];
  }
  return [...sent(answer), ...verdicts(answer), ...replays(answer), ...today(answer)];
}

/** @param {WhyAnswer} answer @returns {Step[]} */
function sent({ records, accepted, rejections }) {
  const order = accepted ?? rejections.at(-1);
  /** @type {Step[]} */
  const steps = [];
  if (order !== undefined) {
    const origin = order.replay_of === undefined ? "" : ` It is a replay of ${shown(order.replay_of)}.`;
    steps.push({
      title: "Asked for",
      text: `${whole(order.quantity)} ${shown(order.item)} for ${shown(order.user)}.${origin}`,
      at: order.created_at,
    });
  }
  records.forEach(({ partition, offset, schemaId, key, timestamp }, index) => {
    const by = key === undefined
      ? "It has no key, so any partition will do"
      : `Its key is “${shown(key)}”: the same key, the same partition`;
    const schema = schemaId === undefined ? "" : ` Written with schema ${schemaId}.`;
    steps.push({
      title: index === 0 ? "Sent" : "Sent again",
      text: `${by}. It is in partition ${partition} at offset ${whole(offset)}.${schema}`,
      at: timestamp,
    });
  });
  if (records.length === 0 && order !== undefined) {
    steps.push({
      title: "Sent",
      text: `It was in partition ${order.partition} at offset ${whole(order.offset)}; the topic no longer has it.`,
    });
  }
  return steps;
}

/** Rejections and the acceptance, in the sequence of their times where those are known. @param {WhyAnswer} answer @returns {Step[]} */
function verdicts({ accepted, rejections, records }) {
  // Where it was read goes without saying while it was sent but once.
  const place = (/** @type {{ partition: number, offset: number }} */ { partition, offset }) =>
    records.length === 1 && rejections.length < 2 ? "" : `Read from partition ${partition}, offset ${whole(offset)}.`;
  const steps = rejections.map((rejection) => rejected(rejection, place(rejection)));
  if (accepted !== undefined) {
    const later = steps.findIndex(({ at = 0 }) => at > (accepted.accepted_at ?? Infinity));
    steps.splice(later < 0 ? steps.length : later, 0, acceptance(accepted, place(accepted)));
  }
  if (steps.length === 0 && records.length > 0) {
    steps.push({ title: "No verdict yet", text: "It waits in the topic until the group reads it." });
  }
  return steps;
}

/** @param {WhyAnswer["rejections"][number]} rejection @param {string} place @returns {Step} */
function rejected({ reason, user, status, item, stock, rejected_at }, place) {
  const { means, fix = "" } = verdictOf(reason);
  const sawUser = status === undefined ? "" : `${shown(user)} was ${shown(status)}`;
  const sawStock = stock === undefined ? "" : `stock of ${shown(item)} was ${whole(stock)}`;
  const saw = [sawUser, sawStock].filter((part) => part !== "").join(", ");
  const sentences = [place, means, saw === "" ? "" : `Seen then: ${saw}.`, fix];
  return { title: `Rejected: ${shown(reason)}`, text: joined(sentences), at: rejected_at, verdict: reason };
}

/** @param {NonNullable<WhyAnswer["accepted"]>} accepted @param {string} place @returns {Step} */
function acceptance({ item, quantity, remaining, accepted_at, seq }, place) {
  const stock = `Stock of ${shown(item)} was ${whole(remaining + quantity)}, and is ${whole(remaining)} after it.`;
  const number = seq === undefined ? "" : `It is number ${whole(seq)} in the store.`;
  const text = joined([place, "The user had paid.", stock, number]);
  return { title: "Accepted", text, at: accepted_at, verdict: "accepted" };
}

/** @param {readonly string[]} sentences */
function joined(sentences) {
  return sentences.filter((sentence) => sentence !== "").join(" ");
}

/** @param {WhyAnswer} answer @returns {Step[]} */
function replays({ replays }) {
  if (replays.length === 0) return [];
  const ids = replays.slice(0, 3).map(({ order_id }) => shown(order_id)).join(", ");
  return [{
    title: `Replayed: ${plural(replays.length, "time")}`,
    text: `Accepted once more under an id of its own: ${ids}${replays.length > 3 ? "…" : "."}`,
  }];
}

/** @param {WhyAnswer} answer @returns {Step[]} */
function today({ now, accepted, rejections }) {
  const order = accepted ?? rejections.at(-1);
  if (now === undefined || order === undefined) return [];
  const user = now.status === undefined ? "is unknown" : `is ${shown(now.status)}`;
  const stock = now.quantity === undefined ? "is unknown" : `has a stock of ${whole(now.quantity)}`;
  return [{ title: "Today", text: `${shown(order.user)} ${user}, ${shown(order.item)} ${stock}.` }];
}

/** @param {Step} step */
export function stepTime({ at }) {
  return at === undefined ? "" : moment(at);
}
