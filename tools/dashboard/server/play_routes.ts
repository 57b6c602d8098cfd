import { Buffer } from "node:buffer";
import { timingSafeEqual } from "node:crypto";
import type { Hono } from "hono";
import type { Play } from "../play/play.ts";
import { failed } from "./failed.ts";

const TOKEN_HEADER = "x-dashboard-token";
/** Bytes of a request: the name of an action. */
const MAX_BODY = 200;

/** Lists the buttons, and presses one for whoever has the page's token. */
export function playRoutes(app: Hono, play: Play): void {
  app.get("/api/play", (c) => c.json(play.answer()));
  app.post("/api/play", async (c) => {
    if (!isToken(c.req.header(TOKEN_HEADER) ?? "", play.token)) {
      return failed(c, 403, "This page is of an earlier start of the dashboard: reload it");
    }
    if (c.req.header("content-type") !== "application/json") return failed(c, 415, "Send application/json");
    if (!(Number(c.req.header("content-length") ?? NaN) <= MAX_BODY)) return failed(c, 413, "Send only an action");
    const action = actionOf(await c.req.text());
    if (action === undefined) return failed(c, 400, 'Send {"action": NAME}');
    const pressed = play.press(action);
    return "refused" in pressed ? failed(c, pressed.isKnown ? 409 : 404, pressed.refused) : c.json(pressed);
  });
}

/** Compares in a time that does not depend on what is wrong. */
function isToken(given: string, token: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(token)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function actionOf(body: string): string | undefined {
  try {
    const { action } = JSON.parse(body);
    return typeof action === "string" ? action : undefined;
  } catch {
    return undefined;
  }
}
