import { EXIT, Failure } from "../../errors.ts";
import type { StoreSource } from "../../move_store.ts";
import type { BeginProgress } from "../../progress.ts";
import type { StoreContents } from "../../store_admin.ts";
import type { Database, Queries } from "../client/database.ts";
import { placeOf } from "../client/database_error.ts";
import { throughConflicts } from "../client/retry.ts";
import { IncomingStore } from "./incoming_store.ts";
import { postgresContents } from "./postgres_contents.ts";
import { isEmpty } from "./start_over.ts";

/**
 * A store in PostgreSQL that is moved away: read as of one moment, then swapped for an empty one unless anything was
 * judged or edited since. Permission beside net: CREATE on the database.
 */
export class PostgresSource implements StoreSource {
  readonly place: string;
  readonly #database: Database;
  #state: string | undefined;

  constructor(database: Database) {
    this.#database = database;
    this.place = placeOf(database.connection);
  }

  async read<T>(use: (contents: StoreContents) => Promise<T>, begin: BeginProgress): Promise<T | undefined> {
    if (await isEmpty(this.#database)) return undefined;
    return await this.#database.transaction(async (session) => {
      const contents = await postgresContents(session, begin);
      this.#state = await stateOf(session);
      return await use(contents);
    });
  }

  async setAside(): Promise<string> {
    const empty = new IncomingStore(this.#database);
    await empty.begin();
    await empty.complete();
    return await throughConflicts(() =>
      empty.takePlace(async (session) => {
        if (await stateOf(session) === this.#state) return;
        throw new Failure(
          EXIT.busy,
          `${this.place} was used meanwhile; nothing was changed: stop its consumers, and run it again`,
        );
      })
    );
  }

  /** Setting aside takes effect at once. */
  async clearAway(): Promise<void> {}

  async close(): Promise<void> {
    await this.#database.close();
  }
}

/** Changes when a batch is judged, a position is moved, or users or stock are edited. */
async function stateOf(session: Queries): Promise<string> {
  return JSON.stringify([
    await session.query("SELECT topic, partition, position, moved_by FROM positions ORDER BY topic, partition"),
    await session.query("SELECT name, status FROM users ORDER BY name"),
    await session.query("SELECT item, quantity FROM inventory ORDER BY item"),
    await session.query("SELECT edit_id FROM stock_edits ORDER BY edited_at DESC, edit_id LIMIT 1"),
  ]);
}
