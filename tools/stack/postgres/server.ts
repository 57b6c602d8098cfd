import { join } from "node:path";
import { EXIT, Failure } from "../../../lib/errors.ts";
import { exists } from "../../../lib/files/disk/exists.ts";
import { POSTGRES, removeTree } from "../folders.ts";
import { lastMeaningfulLine, type StartedService, startService } from "../service.ts";
import { readPid } from "../state.ts";
import { passwordFile, provideDatabaseFolder } from "./database_folder.ts";
import { SUPERUSER } from "./roles.ts";
import { accessRules, type ServerCertificate, serverSettings } from "./server_files.ts";
import { unprivileged } from "./unprivileged.ts";

/** Higher than any pid. */
const NOBODYS_PID = 2 ** 31 - 1;

/**
 * The signal for a fast stop, which rolls back open transactions; on SIGTERM it would wait for the last client to
 * leave.
 */
export const STOP_SERVER = "INT";

export interface ServerOptions {
  /** The folder of the programs. */
  programs: string;
  port: number;
  tls?: ServerCertificate;
  stop: AbortSignal;
}

/**
 * Starts a PostgreSQL server that outlives this process and keeps its data, log and pid in `folder`, creating them the
 * first time. No server may be running there.
 *
 * Throws a {@linkcode Failure}: 69 if no database can be created there, 78 if root has no means to run it as somebody
 * else. Permissions: run sh; read, write of the folder.
 */
export async function startServer(folder: string, options: ServerOptions): Promise<StartedService> {
  provideDatabaseFolder(folder);
  const data = join(folder, "data");
  if (!exists(data)) await initialise(folder, options);
  Deno.writeTextFileSync(join(data, "postgresql.conf"), serverSettings(options));
  Deno.writeTextFileSync(join(data, "pg_hba.conf"), accessRules(options));
  forgetDeadServer(folder);
  options.stop.throwIfAborted();
  return await startService(POSTGRES, folder, unprivileged([join(options.programs, "postgres"), "-D", "data"]));
}

/**
 * Lets the server start after one that was killed. PostgreSQL checks only the pid in its lock file, which a zombie or
 * an unrelated process may have; we know that the server is dead. From the rest of the file it sees whether a process
 * still uses the data.
 */
function forgetDeadServer(folder: string): void {
  const file = join(folder, "data", "postmaster.pid");
  const last = readPid(folder);
  if (last === undefined || !exists(file)) return;
  const text = Deno.readTextFileSync(file);
  if (text.startsWith(`${last.pid}\n`)) Deno.writeTextFileSync(file, text.replace(/^\d+/, String(NOBODYS_PID)));
}

/**
 * Under another name first, so that an interrupted start leaves no half-made database. Text is sorted by code points,
 * the same on every machine.
 */
async function initialise(folder: string, { programs, stop }: ServerOptions): Promise<void> {
  const temp = join(folder, "data.new");
  removeTree(temp);
  const [command, ...args] = unprivileged([
    join(programs, "initdb"),
    "--pgdata=data.new",
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile(folder, SUPERUSER)}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--no-locale",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
  ]);
  const { code, stderr } = await new Deno.Command(command, { args, cwd: folder, stdin: "null", signal: stop }).output();
  stop.throwIfAborted();
  const said = new TextDecoder().decode(stderr);
  if (code === EXIT.config) throw new Failure(EXIT.config, said.trim());
  if (code !== 0) {
    throw new Failure(EXIT.unavailable, `Cannot create a database in ${folder}: ${lastMeaningfulLine(said)}`);
  }
  Deno.renameSync(temp, join(folder, "data"));
}
