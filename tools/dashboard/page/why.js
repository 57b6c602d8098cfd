// @ts-check
/// <reference lib="dom" />
import { ask, sentence } from "./connection.js";
import { byId, h, setText } from "./dom.js";
import { shown } from "./format.js";
import { verdictClass } from "./verdicts.js";
import { stepTime, whyStory } from "./why_story.js";
/** The dialog that tells what became of one order. */

/** @typedef {import("../snapshot.ts").WhyAnswer} WhyAnswer */

/** Returns what opens it. */
export function mountWhy() {
  const dialog = /** @type {HTMLDialogElement} */ (byId("why"));
  /** @type {HTMLElement | null} */
  let opener = null;
  let asked = "";
  dialog.addEventListener("close", () => {
    asked = "";
    opener?.focus();
  });
  byId("why-close").addEventListener("click", () => dialog.close());
  // A click on the backdrop hits the dialog itself, not what is in it.
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  return async (/** @type {string} */ orderId) => {
    opener = /** @type {HTMLElement | null} */ (document.activeElement);
    asked = orderId;
    setText(byId("why-id"), shown(orderId));
    setText(byId("why-command"), `deno task why ${quoted(orderId)}`);
    byId("why-steps").replaceChildren(step("Looking", "In the store and in the topic…"));
    dialog.showModal();
    /** @type {Element[]} */
    let steps;
    try {
      /** @type {WhyAnswer} */
      const answer = await ask(`/api/why?id=${encodeURIComponent(orderId)}`);
      steps = whyStory(answer).map((one) => step(one.title, one.text, { time: stepTime(one), verdict: one.verdict }));
    } catch (error) {
      steps = [step("No answer", `${sentence(error)}.`)];
    }
    if (asked === orderId) byId("why-steps").replaceChildren(...steps);
  };
}

/** @param {string} title @param {string} text @param {{ time?: string, verdict?: string }} [more] */
function step(title, text, { time = "", verdict } = {}) {
  return h(
    "li",
    { class: verdict === undefined ? "" : verdictClass(verdict) },
    h("h3", {}, title, h("time", {}, time)),
    h("p", {}, text),
  );
}

/** As a shell takes it. @param {string} text */
function quoted(text) {
  return /^[\w.:@-]+$/.test(text) && !text.startsWith("-") ? text : `-- '${shown(text).replaceAll("'", `'\\''`)}'`;
}
