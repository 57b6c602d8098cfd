// @ts-check
import { clock, duration, plural, shown, whole } from "./format.js";
/** What is going on, in one sentence. Pure. */

/** @typedef {import("../snapshot.ts").Snapshot} Snapshot */
/** @typedef {{ open: boolean, since: number }} Link */
/** `do` is a command that helps. @typedef {{ tone: "good" | "busy" | "bad", text: string, do?: string }} State */

/** A snapshot comes each second; after this many milliseconds without one the page says so. */
const STALE_MS = 5_000;

/**
 * The most urgent thing first.
 *
 * @param {Snapshot | undefined} snapshot
 * @param {{ link: Link, now: number, still?: ReadonlyMap<number, number> }} view `still` is of {@linkcode Standstill}
 * @returns {State}
 */
export function stateOf(snapshot, { link, now, still = new Map() }) {
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
  return outage(snapshot) ?? reading(snapshot) ?? standing(still) ?? progress(snapshot);
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

/** Why nobody reads, or not everything is read. @param {Snapshot} snapshot @returns {State | undefined} */
function reading({ lanes, members, groupState }) {
  if (lanes.length === 0) {
    return { tone: "busy", text: "The topic does not exist yet; the first order creates it.", do: "deno task produce" };
  }
  if (groupState === "PreparingRebalance" || groupState === "CompletingRebalance") {
    const text = "Rebalance: the members agree on who reads which partition. Nothing is read meanwhile.";
    return { tone: "busy", text };
  }
  const waiting = waitingIn(lanes);
  if (members.length === 0) {
    const left = waiting === 0 ? "nothing waits" : `${plural(waiting, "record")} wait${waiting === 1 ? "s" : ""}`;
    const text = `No consumer is running; ${left}.`;
    return { tone: waiting === 0 ? "busy" : "bad", text, do: "deno task consume" };
  }
  const unowned = lanes.filter(({ owner }) => owner === null).length;
  if (unowned > 0) return { tone: "bad", text: `Nobody reads ${unowned} of ${plural(lanes.length, "partition")}.` };
}

/** @param {ReadonlyMap<number, number>} still @returns {State | undefined} */
function standing(still) {
  if (still.size === 0) return undefined;
  const partitions = [...still.keys()];
  const who = partitions.length === 1
    ? `Partition ${partitions[0]} has`
    : `Partitions ${partitions.slice(0, -1).join(", ")} and ${partitions.at(-1)} have`;
  const time = duration(Math.round(Math.max(...still.values()) / 1_000));
  const why = "its consumer waits, is frozen or dead. If no heartbeats come, the group shares out anew.";
  return { tone: "busy", text: `${who} not moved for ${time}: ${why}` };
}

/** @param {Snapshot} snapshot @returns {State} */
function progress({ lanes, members: { length } }) {
  const waiting = waitingIn(lanes);
  const who = `${plural(length, "consumer")} read${length === 1 ? "s" : ""} ${plural(lanes.length, "partition")}`;
  if (waiting === 0) return { tone: "good", text: `${who} and ${length === 1 ? "has" : "have"} read everything.` };
  const behind = Math.max(0, ...lanes.map(({ lagSeconds }) => lagSeconds ?? 0));
  return { tone: "good", text: `${who}: ${whole(waiting)} waiting, the oldest for ${duration(behind)}.` };
}

/** @param {Snapshot["lanes"]} lanes */
function waitingIn(lanes) {
  return lanes.reduce((sum, { lag, end, start }) => sum + (lag ?? end - start), 0);
}
