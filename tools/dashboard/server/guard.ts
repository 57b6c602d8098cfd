import type { Context, MiddlewareHandler } from "hono";
import { failed } from "./failed.ts";

/** Names by which a page on this machine may ask: any other is a page elsewhere whose name was made to lead here. */
const HOSTS = ["127.0.0.1", "localhost", "[::1]"];
const USUAL_PORT = 80;

const CONTENT_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const HEADERS = {
  "content-security-policy": CONTENT_POLICY,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  // Nothing is worth keeping, and on loopback nothing is worth compressing.
  "cache-control": "no-store, no-transform",
};

/** Refuses whatever a page elsewhere could send, and tells the browser to keep this page to itself. */
export function guard(port: () => number): MiddlewareHandler {
  return async (c, next) => {
    const refused = refusal(c, port());
    if (refused === undefined) await next();
    else c.res = failed(c, refused.status, refused.sentence);
    for (const [name, value] of Object.entries(HEADERS)) c.res.headers.set(name, value);
  };
}

function refusal({ req }: Context, port: number): { status: 403 | 405; sentence: string } | undefined {
  const host = req.header("host");
  if (host === undefined || !hostsAt(port).includes(host)) {
    return { status: 403, sentence: `This page is only for this machine: open http://127.0.0.1:${port}/` };
  }
  // A HEAD of the events would open a stream that nobody reads.
  if (req.method !== "GET" && req.method !== "POST") {
    return { status: 405, sentence: "Only GET and POST are answered" };
  }
  if (isFromElsewhere(req)) return { status: 403, sentence: "Other pages may not ask this one" };
}

/** Links from elsewhere may lead to the page; nothing else may be asked for from there. */
function isFromElsewhere(req: Context["req"]): boolean {
  const [site, mode, origin] = [req.header("sec-fetch-site"), req.header("sec-fetch-mode"), req.header("origin")];
  if (origin !== undefined && origin !== `http://${req.header("host")}`) return true;
  const isOwn = site === undefined || site === "same-origin" || site === "none";
  return !isOwn && !(mode === "navigate" && req.method === "GET" && req.path === "/");
}

function hostsAt(port: number): string[] {
  const named = HOSTS.map((host) => `${host}:${port}`);
  return port === USUAL_PORT ? [...named, ...HOSTS] : named;
}
