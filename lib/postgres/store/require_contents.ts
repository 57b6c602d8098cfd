import { EXIT, Failure } from "../../errors.ts";
import type { Database } from "../client/database.ts";
import { placeOf } from "../client/database_error.ts";

/**
 * Throws a {@linkcode Failure} (78) where there are neither users nor items: nobody has made the store yet, and every
 * order would be rejected. A store that is started over is never empty: it takes the old one's place when it is filled.
 */
export async function requireContents(database: Database): Promise<void> {
  const [{ isFilled }] = await database.query<{ isFilled: boolean }>(
    `SELECT EXISTS (SELECT FROM users) OR EXISTS (SELECT FROM inventory) AS "isFilled"`,
  );
  if (isFilled) return;
  const place = placeOf(database.connection);
  throw new Failure(EXIT.config, `PostgreSQL at ${place} holds no users and no items: run deno task bootstrap`);
}
