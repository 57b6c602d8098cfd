// @ts-check
/// <reference lib="dom" />
import { ask, sentence } from "./connection.js";
import { byId, h, list, setAttribute, setText } from "./dom.js";
import { clock, shown } from "./format.js";
/** Buttons that run real commands, each with the command line that does the same; there only with --play. */

/** @typedef {import("../snapshot.ts").PlayAnswer} PlayAnswer */
/** @typedef {import("../snapshot.ts").PlayAction} PlayAction */
/** @typedef {import("../snapshot.ts").PlayRun} PlayRun */

/** Runs that are shown. */
const RUNS = 5;
const WIDE = "(min-width: 1100px)";

export function mountPlay() {
  const panel = byId("play");
  const wide = matchMedia(WIDE);
  const place = () => byId(wide.matches ? "side" : "play-slot").prepend(panel);
  wide.addEventListener("change", place);
  place();
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
    make: ({ name }) =>
      h(
        "li",
        {},
        h("button", { "aria-describedby": `hint-${name}`, click: () => pressed(name, press) }),
        h("code"),
        h("p", { id: `hint-${name}` }),
      ),
    update: showAction,
  });
  const states = consumers.map(({ pid, state }) => `${pid} ${state}`).join(", ");
  setText(
    byId("play-consumers"),
    consumers.length === 0 ? "No consumer was started here." : `Consumers started here, by process id: ${states}.`,
  );
  list(byId("runs"), runs.slice(0, RUNS), {
    key: ({ id }) => String(id),
    make: ({ command, at }) =>
      h(
        "li",
        {},
        h("p", {}, h("time", {}, clock(at)), h("code", {}, shown(command)), h("span")),
        h("pre", { tabindex: 0 }),
      ),
    update: (item, { exit, output }) => {
      setText(
        item.querySelector("p").lastElementChild,
        exit === undefined ? "running" : exit === 0 ? "done" : `exit ${exit}`,
      );
      setAttribute(item, "class", exit === undefined ? "running" : exit === 0 ? "done" : "failed");
      setText(item.lastElementChild, output.map(shown).join("\n"));
    },
  });
}

/** @param {Element} item @param {PlayAction} action */
function showAction(item, { label, hint, command, disabled }) {
  const [button, code, text] = item.children;
  setText(button, label);
  // Not `disabled`: a button that cannot be pressed now keeps the focus, and says why.
  setAttribute(button, "aria-disabled", disabled === undefined ? undefined : "true");
  setText(code, command);
  setText(text, disabled ?? hint);
}

/** @param {string} name @param {(action: string) => void} press */
function pressed(name, press) {
  const item = [...byId("actions").children].find((child) => child.getAttribute("data-key") === name);
  if (item?.firstElementChild?.getAttribute("aria-disabled") !== "true") press(name);
}
