// @ts-check
/// <reference lib="dom" />
import { announcer } from "./announce.js";
import { connect } from "./connection.js";
import { byId, setAttribute, setText } from "./dom.js";
import { showFigures, showStock, showUsers } from "./figures.js";
import { clock, shown } from "./format.js";
import { showGroup } from "./group.js";
import { Lanes } from "./lanes.js";
import { Badges } from "./members.js";
import { Orders } from "./orders.js";
import { mountPlay } from "./play.js";
import { Standstill } from "./standstill.js";
import { stateOf } from "./state.js";
import { Times } from "./times.js";
import { mountTopics } from "./topics.js";
import { mountWhy } from "./why.js";
/** Connects the stream of pictures with the parts of the page. */

/** @typedef {import("../snapshot.ts").Snapshot} Snapshot */

const CHECK_MS = 1_000;

const badges = new Badges();
const explain = mountWhy();
const lanes = new Lanes(badges, explain);
const times = new Times(badges);
const orders = new Orders(explain);
const showTopics = mountTopics();
const showPlay = mountPlay();
const announce = announcer(byId("announcer"));

/** @type {Snapshot | undefined} */
let latest;
let link = { open: true, since: Date.now() };
const standstill = new Standstill();
/** @type {ReadonlyMap<number, number>} */
let still = new Map();
let isWaiting = false;

connect({
  link: (next) => {
    if (next.open === link.open) return;
    link = next;
    showState();
  },
  history: (points) => times.history(points),
  snapshot: (snapshot) => {
    latest = snapshot;
    still = standstill.note(snapshot);
    badges.note(snapshot);
    times.note(snapshot);
    if (isWaiting) return;
    isWaiting = true;
    // A hidden page gets no frame: it draws when it is looked at again.
    requestAnimationFrame(draw);
  },
});
setInterval(showState, CHECK_MS);

function draw() {
  isWaiting = false;
  if (latest === undefined) return;
  showSource(latest);
  showState();
  showFigures(latest);
  lanes.show(latest);
  showGroup(latest, badges);
  times.show();
  showStock(latest);
  showUsers(latest);
  orders.show(latest);
  showTopics(latest);
  showPlay(latest.play);
  byId("main").classList.remove("blank");
}

/** @param {Snapshot} snapshot */
function showSource({ topic, group, place }) {
  setText(byId("topic"), shown(topic));
  setText(byId("group"), shown(group));
  setText(byId("store"), shown(place.store));
  setText(byId("brokers"), shown(place.brokers));
}

function showState() {
  const now = Date.now();
  const state = stateOf(latest, { link, now, still });
  const bar = byId("state");
  setAttribute(bar, "class", `state ${state.tone}`);
  setText(byId("state-text"), state.text);
  setText(byId("state-command"), state.do ?? "");
  setAttribute(document.body, "class", state.tone === "bad" ? "doubtful" : "");
  announce(state.text, state.text.replace(/[\d.,]+/g, "#"), now);
  if (latest === undefined) return;
  for (const name of /** @type {const} */ (["broker", "store", "registry"])) {
    const health = latest.health[name];
    const item = byId(`health-${name}`);
    setAttribute(item, "class", health.ok && link.open ? "ok" : "away");
    setText(item.children[1], !link.open ? "not known" : health.ok ? "ok" : `away since ${clock(health.since)}`);
  }
}
