import pg from "pg";
import type { DatabaseConnection } from "../../connections.ts";
import { databaseError } from "./database_error.ts";

/** The name a person sees in `pg_stat_activity`. */
const APPLICATION = "order-pipeline";
const CONNECT_TIMEOUT_MS = 5_000;
/** After this the server ends a frozen member's transaction, and its locks are free. */
const IDLE_TRANSACTION_TIMEOUT_MS = 10_000;
/** Longer, so that whoever waits for a frozen member gets the lock. */
const LOCK_TIMEOUT_MS = 15_000;
const STATEMENT_TIMEOUT_MS = 30_000;
/** For tools, which read whole tables: a hundred million orders would take half a minute. */
export const TOOL_STATEMENT_TIMEOUT_MS = 600_000;
/** So much later the client notices a server that vanished silently. */
const SILENCE_MS = 5_000;
const KEEP_ALIVE_MS = 10_000;
/** How long a command that is asked to stop still waits for an answer: a stop takes less than 10 s. */
const STOP_PATIENCE_MS = 4_000;

/** Set in each session, because a database or role may have other defaults; the promise rests on the first. */
function sessionSettings(statementTimeoutMs: number): string {
  return [
    "SET synchronous_commit = on",
    `SET lock_timeout = ${LOCK_TIMEOUT_MS}`,
    `SET statement_timeout = ${statementTimeoutMs}`,
    `SET idle_in_transaction_session_timeout = ${IDLE_TRANSACTION_TIMEOUT_MS}`,
  ].join(";");
}

export interface DatabaseOptions {
  /** Connections at once; 1 by default. */
  max?: number;
  /** After it has been aborted a silent database is given up within seconds. */
  stop?: AbortSignal;
  /** How long a statement may take, in milliseconds; 30 s by default. */
  statementTimeoutMs?: number;
}

/** Asks the database. Rejects with what {@linkcode databaseError} makes of the error. */
export interface Queries {
  query<R>(text: string, values?: readonly unknown[]): Promise<R[]>;
}

/**
 * Connections to one database, opened when needed, `max` at most; whoever needs another waits.
 *
 * A `bigint` comes as a number: offsets, stock and times are safe integers. Permission: net. The caller closes.
 */
export class Database implements Queries {
  readonly connection: DatabaseConnection;
  readonly #pool: pg.Pool;
  readonly #settings: string;
  readonly #sessions = new Set<Session>();
  #stopping: ReturnType<typeof setTimeout> | undefined;
  #isGivenUp = false;
  readonly #closing = new AbortController();

  constructor(connection: DatabaseConnection, options: DatabaseOptions = {}) {
    const { max = 1, stop, statementTimeoutMs = STATEMENT_TIMEOUT_MS } = options;
    this.connection = connection;
    this.#settings = sessionSettings(statementTimeoutMs);
    const stopSoon = () => this.#stopping = setTimeout(() => this.#giveUp(), STOP_PATIENCE_MS);
    stop?.addEventListener("abort", stopSoon, { signal: this.#closing.signal });
    this.#pool = new pg.Pool({ ...clientConfig(connection), max, query_timeout: statementTimeoutMs + SILENCE_MS });
    this.#pool.on("error", () => {}); // an idle connection broke: the next one to need it opens another
  }

  /** One statement, a transaction of its own. */
  async query<R>(text: string, values?: readonly unknown[]): Promise<R[]> {
    return await this.#connected((session) => session.query<R>(text, values));
  }

  /**
   * One transaction: committed when `work` resolves, rolled back when it rejects. `committing` is called when the
   * outcome becomes uncertain: from then on, an error leaves open whether it was committed.
   */
  async transaction<T>(work: (session: Queries) => Promise<T>, committing: (result: T) => void = () => {}): Promise<T> {
    return await this.#connected(async (session) => {
      await session.query("BEGIN");
      let result: T;
      try {
        result = await work(session);
      } catch (error) {
        await session.query("ROLLBACK").catch(() => {}); // the connection is gone, and the transaction with it
        throw error;
      }
      committing(result);
      session.isBroken = true; // until the answer arrives, the state of the connection is unknown
      await session.query("COMMIT");
      session.isBroken = false;
      return result;
    });
  }

  /** Whether nothing is waited for any more, because the command was asked to stop and the database is silent. */
  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  #giveUp(): void {
    this.#isGivenUp = true;
    for (const session of this.#sessions) session.breakOff();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#stopping);
    await this.#pool.end();
  }

  async #connected<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.#open();
    this.#sessions.add(session);
    let broken = true;
    try {
      const result = await work(session);
      broken = false;
      return result;
    } catch (error) {
      broken = session.isBroken;
      throw error;
    } finally {
      this.#sessions.delete(session);
      session.release(broken);
    }
  }

  async #open(): Promise<Session> {
    try {
      const client = await this.#pool.connect();
      const session = new Session(client, this.connection);
      if (!configured.has(client)) {
        await session.query(this.#settings).catch((error) => {
          session.release(true);
          throw error;
        });
        configured.add(client);
      }
      return session;
    } catch (error) {
      throw databaseError(error, this.connection);
    }
  }
}

const configured = new WeakSet<pg.PoolClient>();

/** One connection, while it is taken from the pool. */
class Session implements Queries {
  isBroken = false;
  readonly #client: pg.PoolClient;
  readonly #connection: DatabaseConnection;
  readonly #onError = () => void (this.isBroken = true);

  constructor(client: pg.PoolClient, connection: DatabaseConnection) {
    this.#client = client;
    this.#connection = connection;
    client.on("error", this.#onError); // without a listener a connection that breaks between two queries ends the process
  }

  async query<R>(text: string, values?: readonly unknown[]): Promise<R[]> {
    try {
      const { rows } = await this.#client.query(text, values as unknown[] | undefined);
      return rows as R[];
    } catch (error) {
      // Without an error code from the server, the connection broke or went silent: it cannot be used again.
      if (!(error instanceof pg.DatabaseError)) this.isBroken = true;
      throw databaseError(error, this.#connection);
    }
  }

  /** Rejects the query that waits for its answer. */
  breakOff(): void {
    void (this.#client as unknown as pg.Client).end();
  }

  release(broken: boolean): void {
    this.#client.off("error", this.#onError);
    this.#client.release(broken);
  }
}

function clientConfig({ host, port, database, user, password, tls }: DatabaseConnection): pg.PoolConfig {
  return {
    host,
    port,
    database,
    user,
    password: password?.reveal() ?? "", // if it were undefined, pg would look for ~/.pgpass
    ssl: tls === undefined ? false : { ca: tls.ca, cert: tls.client?.certificate, key: tls.client?.key.reveal() },
    enableChannelBinding: true,
    application_name: APPLICATION,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    types: {
      getTypeParser: (oid: number, format?: "text" | "binary") =>
        oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format as "text"),
    },
  };
}
