import { causesOf, EXIT, Failure, messageOf, Outage } from "../../errors.ts";

/** The error of a write as a person should read it; a full disk is an {@linkcode Outage}, for it passes. */
export function diskFailure(what: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const full = /ENOSPC|No space left|EDQUOT|quota/i.test(messageOf(error));
  if (full) return new Outage(EXIT.io, `${what}: the disk is full; make room`, { cause: error });
  return new Failure(EXIT.io, `${what}: ${messageOf(error)}`, { cause: error });
}

/** Whether the system refused to write: another user's files, or a mount that is read-only. */
export function isWriteDenied(error: unknown): boolean {
  return causesOf(error).some((inner) =>
    inner instanceof Deno.errors.PermissionDenied || ("code" in inner && inner.code === "EROFS")
  );
}

/** The failure (78) for a `path` that the system does not let this user write; any other error as it is. */
export function writeDenied(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !isWriteDenied(error)) return error;
  const message = `Cannot write ${path}: ${error.message}; make the storage folder writable, or set STORAGE_DIR`;
  return new Failure(EXIT.config, message, { cause: error });
}
