import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT } from "../../lib/errors.ts";
import { type Finished, RunningTask, task } from "./commands.ts";

/** Programs made by `compile`, a cache to unpack into, and an empty folder to run them in. */
export interface Programs extends Disposable {
  /** Where the programs are. */
  dist: string;
  cache: string;
  /** The folder that they run in. */
  place: string;
  /** Runs one to its end, with nothing in the environment but where to unpack, and `env`. */
  run(name: string, args: readonly string[], env?: Record<string, string>): Promise<Finished>;
  /** Starts one; ended for sure when disposed. */
  start(name: string, args: readonly string[], env?: Record<string, string>): RunningTask;
}

/** Compiles `args` into a temporary folder. Permissions: run, read and write of temp folders. */
export async function compiled(args: readonly string[]): Promise<Programs> {
  const root = Deno.makeTempDirSync({ prefix: "orders-programs-" });
  const [dist, cache, place] = ["dist", "cache", "place"].map((name) => join(root, name));
  for (const folder of [dist, place]) Deno.mkdirSync(folder);
  const { code, stderr } = await task("compile", [...args, "--out", dist], {});
  assert.equal(code, EXIT.ok, stderr);
  const start = (name: string, args: readonly string[], env: Record<string, string> = { XDG_CACHE_HOME: cache }) =>
    new RunningTask(
      new Deno.Command(join(dist, name), {
        args: [...args],
        cwd: place,
        clearEnv: true,
        env,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn(),
    );
  return {
    dist,
    cache,
    place,
    start,
    run: (name, args, env) => start(name, args, env).end,
    [Symbol.dispose]: () => Deno.removeSync(root, { recursive: true }),
  };
}

/** The entries of a folder, hidden ones included. */
export function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}
