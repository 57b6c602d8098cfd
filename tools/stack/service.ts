import { join } from "node:path";
import { EXIT, Failure } from "../../lib/errors.ts";
import { exists } from "../../lib/files/disk/exists.ts";
import { startDetached, type StartedProcess } from "./processes.ts";
import { writePid } from "./state.ts";

/** A broker, the registry or PostgreSQL, started by this process. */
export interface StartedService {
  name: string;
  process: StartedProcess;
  logFile: string;
  /** Where in its log this start begins, in bytes. */
  logStart: number;
}

/** Starts a service in `folder`, which keeps its log and pid. Permissions: run sh; read, write of the folder. */
export async function startService(name: string, folder: string, command: readonly string[]): Promise<StartedService> {
  const logFile = join(folder, "log.txt");
  const logStart = exists(logFile) ? Deno.statSync(logFile).size : 0;
  const process = await startDetached(command, { folder, logFile });
  writePid(folder, process);
  return { name, process, logFile, logStart };
}

/** The JVM itself crashed, as it does with a damaged class archive. */
export class JvmCrash extends Failure {}

/** A {@linkcode Failure} (69) for a Java program that failed, or was ended by `signal`. */
export function javaFailure(message: string, signal: Deno.Signal | null): Failure {
  return new (signal === "SIGABRT" ? JvmCrash : Failure)(EXIT.unavailable, message);
}

/** The failure for a service that ended instead of answering. */
function failedStart({ name, logFile, logStart }: StartedService, { signal }: Deno.CommandStatus): Failure {
  const log = new TextDecoder().decode(Deno.readFileSync(logFile).subarray(logStart));
  return javaFailure(`${name} ended at its start: ${lastMeaningfulLine(log)} (all of it: ${logFile})`, signal);
}

/** Rejects with the reason when the service ends; for racing against a wait. */
export async function endedEarly(service: StartedService): Promise<never> {
  throw failedStart(service, await service.process.ended);
}

/** The last line of a log that names an error, else the last one that is not part of a stack trace. */
export function lastMeaningfulLine(log: string): string {
  const lines = log.split("\n").map((line) => line.trim()).filter((line) =>
    line !== "" && !/^(at |\.\.\. |#)/.test(line)
  );
  return lines.findLast((line) => /error|exception|fatal/i.test(line)) ?? lines.at(-1) ?? "it said nothing";
}
