import { EXIT, Failure } from "../../errors.ts";
import type { StoreTarget } from "../../move_store.ts";
import type { BeginProgress } from "../../progress.ts";
import type { StoreContents } from "../../store_admin.ts";
import type { Database } from "../client/database.ts";
import { placeOf } from "../client/database_error.ts";
import { throughConflicts } from "../client/retry.ts";
import { IncomingStore } from "./incoming_store.ts";
import { postgresContents } from "./postgres_contents.ts";
import { isEmpty } from "./start_over.ts";
import { writeContents } from "./write_contents.ts";

/** A database that a store is moved to, through a schema of its own. Permission beside net: CREATE on the database. */
export class PostgresTarget implements StoreTarget {
  readonly place: string;
  readonly #database: Database;
  readonly #incoming: IncomingStore;

  constructor(database: Database) {
    this.#database = database;
    this.#incoming = new IncomingStore(database);
    this.place = placeOf(database.connection);
  }

  async isFree(): Promise<boolean> {
    return await isEmpty(this.#database);
  }

  async put(contents: StoreContents): Promise<void> {
    await this.#incoming.begin();
    await writeContents(this.#incoming, contents);
  }

  async read<T>(use: (contents: StoreContents) => Promise<T>, begin: BeginProgress): Promise<T> {
    return await this.#incoming.transaction(async (session) => await use(await postgresContents(session, begin)));
  }

  async complete(): Promise<void> {
    await this.#incoming.complete();
  }

  async isComplete(): Promise<boolean> {
    return await this.#incoming.isComplete();
  }

  async takePlace(): Promise<void> {
    await throughConflicts(() =>
      this.#incoming.takePlace(async (session, backup) => {
        if (!await isEmpty(session)) {
          throw new Failure(
            EXIT.data,
            `${this.place} holds a store already; nothing was changed: drop it, and run it again`,
          );
        }
        await session.query(`DROP SCHEMA ${backup} CASCADE`); // here, so that a kill leaves nothing to do
      })
    );
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}
