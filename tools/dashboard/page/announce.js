// @ts-check
/// <reference lib="dom" />
import { setText } from "./dom.js";
/** What a screen reader hears by itself: the state when it changes, one sentence in ten seconds at most. */

const QUIET_MS = 10_000;

/** @param {HTMLElement} region */
export function announcer(region) {
  let said = "";
  let saidAt = -Infinity;
  /** @param {string} sentence @param {string} kind what is said again only when it changes @param {number} now */
  return (sentence, kind, now) => {
    if (kind === said || now - saidAt < QUIET_MS) return;
    said = kind;
    saidAt = now;
    setText(region, sentence);
  };
}
