import { join } from "node:path";
import type { Program } from "../../lib/cli/program.ts";
import { grantsOf } from "./grants.ts";
import { runDeno } from "../run_deno.ts";

/** The comments and keys that name a module of a package by its place in this machine's cache. */
const CACHED_MODULE = /(?:\.\.\/)+[^"\n]*?\/npm\/[^/"\n]+\/(?=[^"\n]*\.\w+)/g;

/**
 * Writes a program and all that it imports into one file in `folder`, named for the program, by which it knows that it
 * is one (`lib/cli/program.ts`); returns its path. Names stay as they are written, for stack traces and because errors
 * are told apart by theirs.
 *
 * Permissions: run deno, read, write.
 */
export async function bundle(program: Program, folder: string, stop: AbortSignal): Promise<string> {
  const path = join(folder, `${program}.js`);
  await runDeno(["bundle", "-q", "--no-check", "--frozen", "-o", path, grantsOf(program).entry], stop);
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, text.replaceAll(CACHED_MODULE, "npm/"));
  return path;
}
