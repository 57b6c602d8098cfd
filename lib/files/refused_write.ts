import { causesOf, EXIT, Failure } from "../errors.ts";

/** Whether the system refused to write: another user's files, or a mount that is read-only. */
export function isRefusedWrite(error: unknown): boolean {
  return causesOf(error).some((inner) =>
    inner instanceof Deno.errors.PermissionDenied || ("code" in inner && inner.code === "EROFS")
  );
}

/** The failure (78) for a `path` that the system does not let this user write; any other error as it is. */
export function refusedWrite(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !isRefusedWrite(error)) return error;
  const message = `Cannot write ${path}: ${error.message}; make the storage folder writable, or set STORAGE_DIR`;
  return new Failure(EXIT.config, message, { cause: error });
}
