import assert from "node:assert/strict";
import { Play } from "../../tools/dashboard/play/play.ts";
import { type DashboardServer, serve } from "../../tools/dashboard/server/serve.ts";
import { MemoryFeed } from "./memory_feed.ts";
import type { RawAnswer } from "./raw_http.ts";

export const PAGE = '<meta name="dashboard-token" content="">';
const ASSETS = {
  "/": { type: "text/html; charset=utf-8", text: PAGE },
  "/page.js": { type: "text/javascript; charset=utf-8", text: "1;" },
};

/** A server with a feed of its own; it can run nothing but says no. */
export function startServer({ isPlay = false } = {}): { feed: MemoryFeed; server: DashboardServer; play?: Play } {
  const feed = new MemoryFeed();
  feed.show();
  const flags = { store: [], kafka: [], group: [] };
  const play = isPlay ? new Play({ feed, storage: "storage", flags }) : undefined;
  return { feed, play, server: serve(0, { feed, play, assets: ASSETS }) };
}

/** The sentence of an answer that is an error, and nothing else is in it. */
export function errorOf({ headers, body }: RawAnswer): string {
  assert.match(headers.get("content-type")!, /^application\/json/);
  const { error, ...rest } = JSON.parse(body);
  assert.deepEqual(rest, {});
  assert.doesNotMatch(error, /\n| at .*\.ts/, "no stack trace");
  return error;
}
