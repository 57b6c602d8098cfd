// @ts-check
import { clock, duration, plural, shown, whole } from "./format.js";
/** What is going on, in one sentence. Pure. */

/** @typedef {import("../snapshot.ts").Snapshot} Snapshot */
/** @typedef {{ open: boolean, since: number }} Link */
/** `do` is a command that helps. @typedef {{ tone: "good" | "busy" | "bad", text: string, do?: string }} State */

/** A snapshot comes each second; after this many milliseconds without one the page says so. */
export const STALE_MS = 5_000;

/** The most urgent thing first. @param {Snapshot | undefined} snapshot @param {Link} link @param {number} now @returns {State} */
export function stateOf(snapshot, link, now) {
  if (!link.open) {
    return {
      tone: "bad",
      text: `No connection to the dashboard since ${clock(link.since)}; trying again. What you see is of that time.`,
    };
  }
  if (snapshot === undefined) return { tone: "busy", text: "Waiting for the first look at Kafka and the store." };
  if (now - snapshot.at > STALE_MS) {
    return { tone: "bad", text: `Nothing new since ${clock(snapshot.at)}: what you see is of that time.` };
  }
  return outage(snapshot) ?? reading(snapshot);
}

/** @param {Snapshot} snapshot @returns {State | undefined} */
function outage({ health: { broker, store, registry } }) {
  if (!broker.ok) return away("Kafka", broker, "The lanes are of that time.");
  if (!store.ok) return away("The store", store, "Verdicts, stock and users are of that time.");
  if (!registry.ok) return away("The schema registry", registry, "Orders of a schema not seen before have to wait.");
}

/** @param {string} what @param {{ since: number, sentence: string }} health @param {string} effect @returns {State} */
function away(what, { since, sentence }, effect) {
  const why = shown(sentence).replace(/[.\s]+$/, "");
  return {
    tone: "bad",
    text: `${what} has been away since ${clock(since)}${why === "" ? "" : ` (${why})`}. ${effect}`,
  };
}

/** @param {Snapshot} snapshot @returns {State} */
function reading({ lanes, members, groupState }) {
  const waiting = lanes.reduce((sum, { lag, end, start }) => sum + (lag ?? end - start), 0);
  const behind = Math.max(0, ...lanes.map(({ lagSeconds }) => lagSeconds ?? 0));
  if (lanes.length === 0) {
    return { tone: "busy", text: "The topic does not exist yet; the first order creates it.", do: "deno task produce" };
  }
  if (groupState === "PreparingRebalance" || groupState === "CompletingRebalance") {
    return {
      tone: "busy",
      text: "Rebalance: the members agree on who reads which partition. Nothing is read meanwhile.",
    };
  }
  if (members.length === 0) {
    const left = waiting === 0
      ? "No consumer is running; nothing waits."
      : `No consumer is running; ${plural(waiting, "record")} wait${waiting === 1 ? "s" : ""}.`;
    return { tone: waiting === 0 ? "busy" : "bad", text: left, do: "deno task consume" };
  }
  const unowned = lanes.filter(({ owner }) => owner === null).length;
  if (unowned > 0) return { tone: "bad", text: `Nobody reads ${unowned} of ${plural(lanes.length, "partition")}.` };
  const who = `${plural(members.length, "consumer")} read${members.length === 1 ? "s" : ""} ${
    plural(lanes.length, "partition")
  }`;
  if (waiting === 0) {
    return { tone: "good", text: `${who} and ${members.length === 1 ? "has" : "have"} read everything.` };
  }
  return { tone: "good", text: `${who}: ${whole(waiting)} waiting, the oldest for ${duration(behind)}.` };
}
