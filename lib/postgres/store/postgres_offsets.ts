import { EXIT, Failure } from "../../errors.ts";
import {
  KEPT_CHANGES,
  type NewChange,
  type OffsetChange,
  type OffsetStore,
  type Settlement,
} from "../../offset_changes.ts";
import type { Database, Queries } from "../client/database.ts";
import { throughConflicts } from "../client/retry.ts";
import { positionsOf, restartAt } from "./positions.ts";

interface Row {
  id: number;
  made_at: number;
  done: boolean;
  change: string;
}

const COLUMNS = "id, (extract(epoch FROM made_at) * 1000)::bigint AS made_at, done, change";

/**
 * Changes of offsets, noted in the table `offset_changes`.
 *
 * A change holds its row while it moves the group, so whoever wants to settle it waits. Positions move with the note
 * that it is done, so one that is killed has moved the group at most. Permission: net.
 */
export class PostgresOffsets implements OffsetStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async groupsOf(topic: string): Promise<string[]> {
    const rows = await this.#database.query<{ group_name: string }>(
      "SELECT DISTINCT group_name FROM positions WHERE topic = $1 AND group_name IS NOT NULL ORDER BY group_name",
      [topic],
    );
    return rows.map(({ group_name }) => group_name);
  }

  async positionsOf(at: { topic: string; topicId: string | undefined }): Promise<Map<number, number>> {
    return await positionsOf(this.#database, at);
  }

  /** A database has no owner: nobody knows who died. */
  readUpTo(): Promise<Map<number, number>> {
    return Promise.resolve(new Map());
  }

  deadMemberOf(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async changes(): Promise<OffsetChange[]> {
    return (await this.#database.query<Row>(`SELECT ${COLUMNS} FROM offset_changes ORDER BY id`)).map(changeOf);
  }

  async change(change: NewChange, moveGroup: () => Promise<void>): Promise<OffsetChange> {
    // The id tells a note whose COMMIT got no answer.
    const text = JSON.stringify({ ...change, call: crypto.randomUUID() });
    const noted = await throughConflicts(() => this.#database.transaction((session) => note(session, change, text)));
    try {
      await throughConflicts(() =>
        this.#database.transaction(async (session) => {
          const state = await hold(session, noted);
          if (state === "done") return; // the answer to an earlier COMMIT was lost
          if (state === undefined) throw new Failure(EXIT.busy, "Another command has undone the change; try again");
          await moveGroup();
          if (change.withStore) await moveStore(session, noted);
          await end(session, noted, "done");
        })
      );
    } catch (error) {
      if (!(error instanceof Failure) || error.exit !== EXIT.busy) throw error;
      await end(this.#database, noted, "undone");
      throw error;
    }
    return { ...noted, done: true };
  }

  async settle(
    { group, topic }: { group: string; topic: string },
    restore: (change: OffsetChange) => Promise<Settlement>,
  ): Promise<OffsetChange[]> {
    const rows = await this.#database.query<Row>(
      `SELECT ${COLUMNS} FROM offset_changes WHERE group_name = $1 AND topic = $2 AND NOT done ORDER BY id DESC`,
      [group, topic],
    );
    const settled: OffsetChange[] = [];
    for (const change of rows.map(changeOf)) {
      const isSettled = await throughConflicts(() =>
        this.#database.transaction(async (session) => {
          if (await hold(session, change) !== "unfinished") return false; // it was under way, and has ended
          await end(session, change, await restore(change));
          return true;
        })
      );
      if (isSettled) settled.push(change);
    }
    return settled;
  }
}

async function note(session: Queries, { group, topic }: NewChange, text: string): Promise<OffsetChange> {
  const [noted] = await session.query<Row>(`SELECT ${COLUMNS} FROM offset_changes WHERE change = $1`, [text]);
  if (noted !== undefined) return changeOf(noted);
  // Two at once take the same number: the slower one is tried again.
  const [row] = await session.query<Row>(
    `INSERT INTO offset_changes (id, group_name, topic, made_at, done, change)
     VALUES ((SELECT coalesce(max(id), 0) + 1 FROM offset_changes), $1, $2, now(), false, $3) RETURNING ${COLUMNS}`,
    [group, topic, text],
  );
  await session.query("DELETE FROM offset_changes WHERE id <= $1", [row.id - KEPT_CHANGES]);
  return changeOf(row);
}

/** Locks the row of a change until the end of the transaction, and says how it is; undefined where it was undone. */
async function hold(session: Queries, { id }: OffsetChange): Promise<"done" | "unfinished" | undefined> {
  const [row] = await session.query<Row>("SELECT done FROM offset_changes WHERE id = $1 FOR UPDATE", [id]);
  if (row === undefined) return undefined;
  return row.done ? "done" : "unfinished";
}

async function end(session: Queries, { id }: OffsetChange, how: Settlement): Promise<void> {
  const statement = how === "done"
    ? "UPDATE offset_changes SET done = true WHERE id = $1"
    : "DELETE FROM offset_changes WHERE id = $1 AND NOT done";
  await session.query(statement, [id]);
}

async function moveStore(session: Queries, { group, topic, topicId, partitions }: OffsetChange): Promise<void> {
  const moved = partitions.filter(({ before, after }) => before.position !== after.position);
  // In order, because members lock the same rows one by one.
  for (const { partition, after } of moved.toSorted((a, b) => a.partition - b.partition)) {
    await restartAt(session, { topic, topicId, partition }, { offset: after.position, group });
  }
}

function changeOf({ id, made_at, done, change }: Row): OffsetChange {
  const { call: _, ...rest }: NewChange & { call: string } = JSON.parse(change);
  return { ...rest, id, madeAt: made_at, done };
}
