import { type Context, Hono } from "hono";
import uplotCss from "uplot/dist/uPlot.min.css" with { type: "text" };
import uplotJs from "uplot/dist/uPlot.iife.min.js" with { type: "text" };
import { asCalled } from "../../../lib/cli/program.ts";
import { EXIT, Failure, messageOf } from "../../../lib/errors.ts";
import type { Feed } from "../feed.ts";
import type { Play } from "../play/play.ts";
import type { EventStreams } from "./event_streams.ts";
import { failed } from "./failed.ts";
import { guard } from "./guard.ts";
import { operator } from "./operator.ts";
import { playRoutes } from "./play_routes.ts";
import { Questions, TooManyQuestions } from "./questions.ts";

/** Longest text that a page may search for; no order id, user or item is longer. */
const MAX_QUERY = 256;

/** A file of the page. */
export interface Asset {
  type: string;
  text: string;
}

export interface AppParts {
  feed: Feed;
  events: EventStreams;
  /** By path; `/` is the page. */
  assets: Readonly<Record<string, Asset>>;
  /** Without it nothing can be run. */
  play?: Play;
  /** Where it listens. */
  port: () => number;
}

const UPLOT: Readonly<Record<string, Asset>> = {
  "/uplot.js": { type: "text/javascript; charset=utf-8", text: uplotJs },
  "/uplot.css": { type: "text/css; charset=utf-8", text: uplotCss },
};

/** Answers the requests of the page; see `snapshot.ts` for what it answers. */
export function createApp({ feed, events, assets, play, port }: AppParts): Hono {
  const app = new Hono();
  const questions = new Questions();
  app.use(guard(port), operator(feed));
  for (const [path, { type, text }] of Object.entries({ ...UPLOT, ...assets })) {
    const body = path === "/" && play !== undefined ? withToken(text, play.token) : text;
    app.get(path, (c) => c.body(body, 200, { "content-type": type }));
  }
  app.get("/events", (c) => {
    const stream = events.open();
    if (stream === undefined) return failed(c, 503, "Too many pages are open: close one");
    return c.body(stream, 200, { "content-type": "text/event-stream" });
  });
  app.get("/api/orders", (c) => {
    const text = c.req.query("q") ?? "";
    if (text.length > MAX_QUERY) return tooLong(c, "q");
    return c.json(feed.orders(text));
  });
  app.get("/api/why", async (c) => {
    const id = c.req.query("id") ?? "";
    if (id === "") return failed(c, 400, "Say which order: ?id=ORDER_ID");
    if (id.length > MAX_QUERY) return tooLong(c, "id");
    return c.json(await questions.ask(`why ${id}`, () => feed.why(id)));
  });
  app.get("/api/dead-letters", async (c) => c.json(await questions.ask("dead letters", () => feed.deadLetters())));
  app.get("/api/schemas", async (c) => c.json(await questions.ask("schemas", () => feed.schemas())));
  if (play !== undefined) playRoutes(app, play);
  app.notFound((c) => failed(c, 404, "There is nothing here"));
  app.onError((error, c) => {
    if (error instanceof TooManyQuestions) return failed(c, 503, "Too many questions at once: ask again");
    const isAway = error instanceof Failure && error.exit === EXIT.unavailable;
    return failed(c, isAway ? 503 : 500, asCalled(messageOf(error)));
  });
  return app;
}

function tooLong(c: Context, name: string): Response {
  return failed(c, 400, `${name} is longer than ${MAX_QUERY} characters`);
}

/** The one thing in the page that differs from start to start; only a page of the same origin can read it. */
function withToken(html: string, token: string): string {
  return html.replace('<meta name="dashboard-token" content="">', `<meta name="dashboard-token" content="${token}">`);
}
