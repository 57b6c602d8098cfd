import { causesOf, EXIT, Failure, messageOf, Outage } from "../../errors.ts";

/** The failure of a write as a person should read it; a full disk is an {@linkcode Outage}, because it passes. */
export function diskFailure(what: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const full = /ENOSPC|No space left|EDQUOT|quota/i.test(messageOf(error));
  if (full) return new Outage(EXIT.io, `${what}: the disk is full; make room`, { cause: error });
  return new Failure(EXIT.io, `${what}: ${messageOf(error)}`, { cause: error });
}

/** Whether the system denied the write: another user's files, or a read-only mount. */
export function isWriteDenied(error: unknown): boolean {
  return causesOf(error).some((inner) =>
    inner instanceof Deno.errors.PermissionDenied || ("code" in inner && inner.code === "EROFS")
  );
}

/** The failure (78) for a `path` that this user may not write; any other error unchanged. */
export function writeDenied(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !isWriteDenied(error)) return error;
  const message = `Cannot write ${path}: ${error.message}; make the storage folder writable, or set STORAGE_DIR`;
  return new Failure(EXIT.config, message, { cause: error });
}
