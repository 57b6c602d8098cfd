import pg from "pg";

/** What is wrong with a store in PostgreSQL; all has to be empty. */
export interface DatabaseFindings {
  /** Of the ids sent, those that are neither accepted nor rejected. */
  lost: string[];
  /** Ids, and places in the topic, that are accepted more than once, or accepted and rejected. */
  doubled: string[];
  /** Items whose opening + edits - accepted is not their stock, or that were oversold. */
  unbalanced: string[];
  /** Anything else, one sentence each. */
  broken: string[];
}

/** Names here are ASCII: each item has one spelling. */
const UNBALANCED = `
  WITH edits AS (SELECT item, sum(coalesce(set_to, 0) - coalesce(was, 0)) AS pieces FROM stock_edits GROUP BY item),
    sold AS (SELECT item, sum(quantity) AS pieces, min(remaining) AS least FROM orders GROUP BY item)
  SELECT item AS name FROM edits FULL JOIN sold USING (item) FULL JOIN inventory USING (item)
  WHERE coalesce(edits.pieces, 0) - coalesce(sold.pieces, 0) <> coalesce(inventory.quantity, 0)
    OR coalesce(inventory.quantity, 0) < 0 OR coalesce(sold.least, 0) < 0`;

/** Without edits an item's stock only falls: from the opening, each order begins where the one before it ended. */
const BROKEN_CHAINS = `
  WITH opening AS (SELECT item, sum(set_to) AS pieces FROM stock_edits GROUP BY item HAVING count(*) = 1),
    steps AS (SELECT item, remaining, quantity,
      lag(remaining, 1, pieces::bigint) OVER (PARTITION BY item ORDER BY remaining DESC) AS before
      FROM orders JOIN opening USING (item))
  SELECT DISTINCT item AS name FROM steps WHERE before - quantity <> remaining`;

const ACCEPTED_TWICE = `
  SELECT order_id AS name FROM orders GROUP BY order_id HAVING count(*) > 1
  UNION SELECT min(order_id) FROM orders GROUP BY topic, partition, "offset" HAVING count(*) > 1
  UNION SELECT orders.order_id FROM orders JOIN rejected USING (topic, partition, "offset")`;

const WITHOUT_VERDICT = `
  SELECT id AS name FROM unnest($1::text[]) AS id
  WHERE NOT EXISTS (SELECT FROM orders WHERE order_id = id) AND NOT EXISTS (SELECT FROM rejected WHERE order_id = id)`;

/** The position has to be where the offset ranges end, and nothing before it may be missing. */
const TORN_POSITIONS = `
  SELECT partition || ' is at ' || position AS name FROM positions WHERE NOT EXISTS (
    SELECT FROM offset_ranges AS range WHERE range.topic = positions.topic AND range.partition = positions.partition
    AND from_offset = 0 AND to_offset = position)`;

/**
 * Works out from the tables alone whether the promise held. Shares no code with `lib/`, so that it cannot share its
 * mistakes. Permission: net.
 */
export async function checkDatabase(url: string, sent: readonly string[]): Promise<DatabaseFindings> {
  return await withConnection(url, async (client) => {
    const names = async (text: string, values: unknown[] = []) =>
      (await client.query<{ name: string }>(text, values)).rows.map(({ name }) => name);
    return {
      lost: await names(WITHOUT_VERDICT, [[...new Set(sent)]]),
      doubled: await names(ACCEPTED_TWICE),
      unbalanced: [...new Set([...await names(UNBALANCED), ...await names(BROKEN_CHAINS)])],
      broken: (await names(TORN_POSITIONS)).map((partition) => `Not read from its beginning: partition ${partition}`),
    };
  });
}

/** Those of `ids` that are neither accepted nor rejected so far. Permission: net. */
export async function withoutVerdict(url: string, ids: readonly string[]): Promise<string[]> {
  return await withConnection(url, async (client) => {
    const { rows } = await client.query<{ name: string }>(WITHOUT_VERDICT, [ids]);
    return rows.map(({ name }) => name);
  });
}

/** Lets `use` query a database directly. Permission: net. */
export async function withConnection<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {}); // the server is killed by a fault: the query fails
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
