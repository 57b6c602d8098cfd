import { createMiddleware } from "hono/factory";
import { operatorRoute } from "../../../lib/metrics/operator_routes.ts";
import { type PipelineFigures, PipelineMetrics } from "../../../lib/metrics/pipeline_metrics.ts";
import type { Feed } from "../feed.ts";

const NOTHING = { accepted: 0, rejected: {}, deadLettered: 0 };

/** Answers `/metrics` with the figures of the whole group, `/health/live` and `/health/ready`. */
export function operator(feed: Feed) {
  const metrics = new PipelineMetrics(() => figuresOf(feed.snapshot));
  const answers = { scrape: () => metrics.scrape(), complaint: () => complaintOf(feed.snapshot) };
  return createMiddleware(async (c, next) => {
    const answer = await operatorRoute(c.req.raw, answers);
    if (answer === undefined) await next();
    else c.res = answer;
  });
}

/** What is known; a lag that is out of date is left out, for it would look as if the group stood still. */
function figuresOf(snapshot: Feed["snapshot"]): PipelineFigures {
  if (snapshot === undefined) return { group: "", topic: "", partitions: [], totals: NOTHING, rebalances: 0 };
  const { group, topic, health, lanes, totals, rebalanceCount } = snapshot;
  return { group, topic, partitions: health.broker.ok ? lanes : [], totals, rebalances: rebalanceCount };
}

/** Why what it shows is not the present, in a sentence; undefined if it is. */
function complaintOf(snapshot: Feed["snapshot"]): string | undefined {
  if (snapshot === undefined) return "Nothing was read yet";
  const { broker, store } = snapshot.health;
  return [broker, store].flatMap((health) => health.ok ? [] : [health.sentence])[0];
}
