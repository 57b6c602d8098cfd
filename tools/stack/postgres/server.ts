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

/** More than any system counts to. */
const NOBODYS_PID = 2 ** 31 - 1;

/** The signal for a fast stop: what is open is rolled back; on SIGTERM it would wait until the last client has gone. */
export const STOP_SERVER = "INT";

export interface ServerOptions {
  /** The folder of the programs. */
  programs: string;
  port: number;
  tls?: ServerCertificate;
  stop: AbortSignal;
}

/**
 * Starts a server of PostgreSQL that keeps its data, log and pid in `folder`; makes them the first time. It outlives this
 * process. None runs there.
 *
 * Throws a {@linkcode Failure}: 69 where no database can be made there, 78 where root cannot run it otherwise.
 * Permissions: run sh; read, write of the folder.
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
 * Lets the server start after one that was killed. PostgreSQL goes by the pid alone, which a zombie still has and another
 * process may have by now; we know better. Whether a process of the dead one still uses the data it sees by the rest of
 * the file.
 */
function forgetDeadServer(folder: string): void {
  const file = join(folder, "data", "postmaster.pid");
  const last = readPid(folder);
  if (last === undefined || !exists(file)) return;
  const text = Deno.readTextFileSync(file);
  if (text.startsWith(`${last.pid}\n`)) Deno.writeTextFileSync(file, text.replace(/^\d+/, String(NOBODYS_PID)));
}

/**
 * Under another name first: an interrupted start leaves no half a database. Text is ordered by code points, on every
 * machine alike.
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
    throw new Failure(EXIT.unavailable, `Cannot make a database in ${folder}: ${lastMeaningfulLine(said)}`);
  }
  Deno.renameSync(temp, join(folder, "data"));
}
