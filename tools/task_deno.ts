import { print } from "../lib/cli/print.ts";

/**
 * Prints the path of this Deno, as `--allow-run` takes it: what `deno` on the PATH is may be another one, or the script
 * of a package that starts it.
 */
if (import.meta.main) print(Deno.execPath());
