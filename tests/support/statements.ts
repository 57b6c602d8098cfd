import pg from "pg";

/** A statement of the store's that is about to be sent. */
export interface Statement {
  text: string;
  /** The server's process at the other end. */
  backend: number;
}

/** As `lib/postgres/client/database.ts` calls itself: statements of tests are not meant. */
const APPLICATION = "order-pipeline";

interface Client {
  connectionParameters: { application_name: string };
  processID: number;
}

/**
 * Runs `work` with `around` told of every statement that the store sends in this process; it answers by sending it, or
 * by something else. Patches the client of `pg`.
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

/** An error of the server's. */
export function serverError(code: string): Error {
  return Object.assign(new pg.DatabaseError(`injected ${code}`, 0, "error"), { code });
}
