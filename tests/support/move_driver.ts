import pg from "pg";
import { databaseSetting } from "../../lib/cli/database_settings.ts";
import { FileSource } from "../../lib/files/admin/file_source.ts";
import { FileTarget } from "../../lib/files/admin/file_target.ts";
import { moveStore } from "../../lib/move_store.ts";
import { PostgresSource } from "../../lib/postgres/admin/postgres_source.ts";
import { PostgresTarget } from "../../lib/postgres/admin/postgres_target.ts";
import { openDatabase } from "../../lib/postgres/client/open_database.ts";

// Moves a store as `migrate-store` does, but asks no broker, and kills itself just before a step: a statement, or a call
// that changes the folder. Arguments: where to, the folder, and the number of the step; prints how many there were.
const [to, folder, killAt] = Deno.args;
let steps = 0;

// deno-lint-ignore no-explicit-any -- any function takes and returns what it did before
function counted(owner: any, name: string): void {
  const real = owner[name];
  owner[name] = function (...args: unknown[]) {
    if (++steps === Number(killAt)) Deno.kill(Deno.pid, "SIGKILL");
    return real.apply(this, args);
  };
}

counted(pg.Client.prototype, "query");
for (const name of ["openSync", "renameSync", "removeSync", "mkdirSync"]) counted(Deno, name);

const database = await openDatabase(databaseSetting({ database: undefined })!);
if (to === "postgres") await moveStore(new FileSource(folder, () => {}), new PostgresTarget(database));
else await moveStore(new PostgresSource(database), new FileTarget(folder));
await database.close();
console.log(steps);
