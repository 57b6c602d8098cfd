import type { Context } from "hono";

/** An answer of one sentence for a person, as JSON. */
export function failed(
  c: Context,
  status: 400 | 403 | 404 | 405 | 409 | 413 | 415 | 500 | 503,
  error: string,
): Response {
  return c.json({ error }, status);
}
