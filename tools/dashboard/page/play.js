// @ts-check
/// <reference lib="dom" />
import { ask, sentence } from "./connection.js";
import { byId, h, list, setAttribute, setCells, setText } from "./dom.js";
import { clock, shown } from "./format.js";
/** Buttons that run real commands, each with the command line that does the same; there only with --play. */

/** @typedef {import("../snapshot.ts").PlayAnswer} PlayAnswer */
/** @typedef {import("../snapshot.ts").PlayAction} PlayAction */
/** @typedef {import("../snapshot.ts").PlayRun} PlayRun */

/** Runs that are shown. */
const RUNS = 5;

export function mountPlay() {
  const panel = byId("play");
  let isAsking = false;
  const refresh = async () => {
    if (isAsking) return;
    isAsking = true;
    try {
      show(await ask("/api/play"), press);
    } catch (error) {
      setText(byId("play-error"), `${sentence(error)}.`);
    } finally {
      isAsking = false;
    }
  };
  const press = async (/** @type {string} */ action) => {
    const headers = { "content-type": "application/json", "x-dashboard-token": token() };
    try {
      await ask("/api/play", { method: "POST", headers, body: JSON.stringify({ action }) });
      setText(byId("play-error"), "");
    } catch (error) {
      setText(byId("play-error"), `${sentence(error)}.`);
    }
    await refresh();
  };
  return (/** @type {boolean} */ isOn) => {
    panel.hidden = !isOn;
    if (isOn) void refresh();
  };
}

function token() {
  return document.querySelector('meta[name="dashboard-token"]')?.getAttribute("content") ?? "";
}

/** @param {PlayAnswer} answer @param {(action: string) => void} press */
function show({ actions, consumers, runs }, press) {
  list(byId("actions"), actions, {
    key: ({ name }) => name,
    make: ({ name }) => actionButton(name, press),
    update: showAction,
  });
  const counts = Object.entries(Object.groupBy(consumers, ({ state }) => state)).filter(([state]) => state !== "ended");
  setText(byId("play-consumers"), counts.map(([state, some]) => `${some?.length} ${state}`).join(", "));
  list(byId("runs"), runs.slice(0, RUNS), {
    key: ({ id }) => String(id),
    make: ({ command, at }) =>
      h(
        "li",
        {},
        h("p", {}, h("time", {}, clock(at)), h("code", { title: shown(command) }, shown(command)), h("span")),
        h("pre"),
      ),
    update: showRun,
  });
}

/** @param {string} name @param {(action: string) => void} press */
function actionButton(name, press) {
  const button = h("button", {
    "aria-describedby": `about-${name}`,
    click: () => {
      explain();
      if (button.getAttribute("aria-disabled") !== "true") press(name);
    },
  });
  const about = h("span", { id: `about-${name}`, class: "unseen" }, h("span"), " ", h("code"));
  const explain = () => {
    setText(byId("about-hint"), about.firstElementChild?.textContent ?? "");
    setText(byId("about-command"), about.lastElementChild?.textContent ?? "");
  };
  button.addEventListener("focus", explain);
  button.addEventListener("pointerenter", explain);
  return h("li", {}, button, about);
}

/** @param {Element} item @param {PlayAction} action */
function showAction(item, { label, hint, command, disabled }) {
  const [button, about] = item.children;
  setText(button, label);
  // Not `disabled`: a button that cannot be pressed now keeps the focus, and says why.
  setAttribute(button, "aria-disabled", disabled === undefined ? undefined : "true");
  setCells(about, [disabled ?? hint, command]);
}

/** @param {Element} item @param {PlayRun} run */
function showRun(item, { exit, output }) {
  const [title, text] = item.children;
  setText(title.children[2], exit === undefined ? "running" : exit === 0 ? "done" : `exit ${exit}`);
  setAttribute(item, "class", exit === undefined ? "running" : exit === 0 ? "done" : "failed");
  setText(text, output.map(shown).join("\n"));
}
