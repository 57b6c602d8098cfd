import { databaseSetting } from "../lib/cli/database_settings.ts";
import { measurePostgres } from "./postgres_rate.ts";

/**
 * Prints the rate of the store in the database at DATABASE_URL, whose tables it empties:
 * `deno run -P=test bench/measure_postgres.ts --empty-it [ORDERS [BATCH_SIZE]]`.
 */
async function run([consent, orders = "1000000", batchSize = "5000"]: readonly string[]): Promise<void> {
  const connection = databaseSetting({ database: undefined });
  if (connection === undefined || consent !== "--empty-it") {
    throw new Error("Name a database whose tables may be emptied: DATABASE_URL=… and --empty-it");
  }
  const { ours, peer } = await measurePostgres(connection, { orders: Number(orders), batchSize: Number(batchSize) });
  console.log(`store ${Math.round(ours)}/s, bare insert ${Math.round(peer)}/s, ratio ${(ours / peer).toFixed(2)}`);
}

if (import.meta.main) await run(Deno.args);
