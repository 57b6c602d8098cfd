import type { Hono } from "hono";
import { EXIT, Failure } from "../../../lib/errors.ts";
import { type AppParts, createApp } from "./app.ts";
import { EventStreams } from "./event_streams.ts";

/** Nobody else's machine is answered. */
const HOST = "127.0.0.1";
/** How long answers that are on their way may take at the end. */
const LAST_ANSWERS_MS = 2_000;

export interface DashboardServer extends AsyncDisposable {
  readonly port: number;
  readonly address: string;
}

/**
 * Answers pages on loopback, until disposed; the streams of open pages end then.
 *
 * A {@linkcode Failure} (75) if `port` is taken, (78) if this user may not have it; 0 is a free one. Permission: net to
 * 127.0.0.1.
 */
export function serve(port: number, parts: Omit<AppParts, "events" | "port">): DashboardServer {
  const events = new EventStreams(parts.feed, { isPlay: parts.play !== undefined });
  const app = createApp({ ...parts, events, port: () => server.addr.port });
  const server = listen(port, app);
  return {
    port: server.addr.port,
    address: `http://${HOST}:${server.addr.port}/`,
    async [Symbol.asyncDispose]() {
      events.close();
      await shutDown(server);
    },
  };
}

function listen(port: number, app: Hono): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ hostname: HOST, port, onListen: () => {} }, app.fetch);
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      const remedy = "stop that one, or pass --port 0 for a free one";
      throw new Failure(EXIT.busy, `Port ${port} is taken by another process: ${remedy}`);
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new Failure(EXIT.config, `This user may not listen on port ${port}: pass --port 0 for a free one`);
    }
    throw error;
  }
}

/** Lets answers that are on their way out end, and whoever does not take them wait no longer. */
async function shutDown(server: Deno.HttpServer): Promise<void> {
  const timer = Promise.withResolvers<void>();
  const id = setTimeout(timer.resolve, LAST_ANSWERS_MS);
  await Promise.race([server.shutdown(), timer.promise]);
  clearTimeout(id);
}
