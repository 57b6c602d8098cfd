import { Registry } from "prom-client";

/** What a process answers those who watch it. */
export interface OperatorAnswers {
  /** The text of `/metrics`. */
  scrape(): Promise<string>;
  /** Why the process is not ready, in a sentence; undefined if it is. */
  complaint(): string | undefined;
}

/**
 * Answers `GET /metrics`, `/health/live` and `/health/ready`; undefined for any other path.
 *
 * `/health/live` says only that the event loop turns. `/health/ready` is 503 with one sentence while it is not ready.
 */
export async function operatorRoute(request: Request, answers: OperatorAnswers): Promise<Response | undefined> {
  const { pathname } = new URL(request.url);
  const answer = ANSWERS[pathname];
  if (answer === undefined) return undefined;
  if (!["GET", "HEAD"].includes(request.method)) {
    return new Response("Only GET\n", { status: 405, headers: { allow: "GET, HEAD" } });
  }
  return await answer(answers);
}

const ANSWERS: Record<string, (answers: OperatorAnswers) => Response | Promise<Response>> = {
  "/metrics": async ({ scrape }) =>
    new Response(await scrape(), { headers: { ...NEVER_STORED, "content-type": Registry.PROMETHEUS_CONTENT_TYPE } }),
  "/health/live": () => health(200, "ok"),
  "/health/ready": ({ complaint }) => {
    const sentence = complaint();
    return sentence === undefined ? health(200, "ok") : health(503, sentence);
  },
};

const NEVER_STORED = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

function health(status: number, sentence: string): Response {
  return new Response(`${sentence}\n`, { status, headers: { ...NEVER_STORED, "content-type": "text/plain" } });
}
