/** Whether there is anything at `path`. Permission: read. */
export function exists(path: string): boolean {
  return sizeOf(path) !== undefined;
}

/** Bytes of a file; undefined if it is missing, or if a folder in its path is a file. */
export function sizeOf(path: string): number | undefined {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}
