import { EXIT, Failure } from "../../lib/errors.ts";

/** Everything listens only here, because no service except a secure broker or PostgreSQL authenticates its callers. */
export const HOST = "127.0.0.1";

/**
 * Below the ports used for outgoing connections: one of those may be taken when its broker comes back, and a client
 * that retries on this machine may even connect to itself.
 */
const LOWEST = 10_000;
const HIGHEST = 32_000;

/** `count` ports that are free now, all different. Permission: net. */
export function freePorts(count: number): number[] {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (isFree(port)) ports.add(port);
  }
  return [...ports];
}

/** Throws a {@linkcode Failure} (75) if another process listens on `port`; `flag` chooses another port. */
export function requireFree(port: number, flag: string): void {
  if (isFree(port)) return;
  throw new Failure(
    EXIT.busy,
    `Port ${port} is taken by another process: stop that one, or pass ${flag} 0 for a free one`,
  );
}

/** Whether nobody listens on `port`. Permission: net. */
export function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: HOST, port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
