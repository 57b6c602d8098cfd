import pg from "pg";

/** A statement that the store is about to send. */
export interface Statement {
  text: string;
  /** The server's process at the other end. */
  backend: number;
}

/** The name `lib/postgres/client/database.ts` gives itself: statements of tests are ignored. */
const APPLICATION = "order-pipeline";

interface Client {
  connectionParameters: { application_name: string };
  processID: number;
}

/**
 * Runs `work`, and calls `around` for every statement that the store sends in this process; `around` sends it or does
 * something else. Patches the client of `pg`.
 */
export async function watchStatements<T>(
  around: (statement: Statement, send: (text?: string) => Promise<unknown>) => Promise<unknown>,
  work: () => Promise<T>,
): Promise<T> {
  const prototype = pg.Client.prototype as unknown as { query(...given: unknown[]): Promise<unknown> };
  const { query } = prototype;
  prototype.query = function (this: Client, ...given: unknown[]) {
    const [text] = given;
    if (this.connectionParameters.application_name !== APPLICATION) return query.apply(this, given);
    if (typeof text !== "string") return query.apply(this, given);
    const send = (other?: string) => other === undefined ? query.apply(this, given) : query.call(this, other);
    return around({ text, backend: this.processID }, send);
  };
  try {
    return await work();
  } finally {
    prototype.query = query;
  }
}

/** An error from the server. */
export function serverError(code: string): Error {
  return Object.assign(new pg.DatabaseError(`injected ${code}`, 0, "error"), { code });
}
