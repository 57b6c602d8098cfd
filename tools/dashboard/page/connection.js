// @ts-check
/// <reference lib="dom" />
/** The stream of pictures, and the questions the page asks. */

/** @typedef {import("../snapshot.ts").Snapshot} Snapshot */
/** @typedef {import("../snapshot.ts").RatePoint} RatePoint */
/** @typedef {import("./state.js").Link} Link */

/** A browser gives up on a stream that was refused (the server restarts); the page tries again. */
const RETRY_MS = 2_000;

/**
 * Follows the server's events for as long as the page is open.
 *
 * @param {{ link: (link: Link) => void, history: (points: RatePoint[]) => void, snapshot: (snapshot: Snapshot) => void }} listeners
 */
export function connect({ link, history, snapshot }) {
  const source = new EventSource("/events");
  let open = true;
  const set = (/** @type {boolean} */ now) => {
    if (now !== open) link({ open: now, since: Date.now() });
    open = now;
  };
  source.addEventListener("open", () => set(true));
  source.addEventListener("error", () => {
    set(false);
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => connect({ link, history, snapshot }), RETRY_MS);
  });
  source.addEventListener("history", ({ data }) => history(JSON.parse(data)));
  source.addEventListener("snapshot", ({ data }) => {
    link({ open: true, since: Date.now() });
    snapshot(JSON.parse(data));
  });
}

/**
 * Asks the server; an error is one sentence for a person.
 *
 * @template T
 * @param {string} path
 * @param {RequestInit} [init]
 * @returns {Promise<T>}
 */
export async function ask(path, init) {
  let answer;
  try {
    answer = await globalThis.fetch(path, init);
  } catch {
    throw new Error("No connection to the dashboard");
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.error ?? `The dashboard answered ${answer.status}`);
  return body;
}

/** What went wrong, as text. @param {unknown} error */
export function sentence(error) {
  return error instanceof Error ? error.message : String(error);
}
