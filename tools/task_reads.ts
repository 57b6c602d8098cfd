import { CREDENTIAL_FILES } from "../lib/cli/environment.ts";
import { print, printError } from "../lib/cli/print.ts";
import { EXIT } from "../lib/errors.ts";

/**
 * What a task may read, by the words it gives: the settings of the local `stack`, the files of `credentials` that the
 * environment names, those of the `database` alone, the `storage` folder.
 */
const PATHS: Readonly<Record<string, () => Record<string, string | undefined>>> = {
  stack: () => ({ stack: ".stack/stack.json" }),
  credentials: () => Object.fromEntries(CREDENTIAL_FILES.map((name) => [name, Deno.env.get(name)])),
  database: () =>
    Object.fromEntries(
      CREDENTIAL_FILES.filter((name) => name.startsWith("DATABASE_")).map((name) => [name, Deno.env.get(name)]),
    ),
  storage: () => ({ STORAGE_DIR: Deno.env.get("STORAGE_DIR") || "storage" }),
};

/** Deno's list of paths knows no escape for a comma, and its task shell makes one blank of several. */
const UNGRANTABLE = /,|^\s|\s$|\s\s|\n/;

/**
 * Prints the paths as `--allow-read` wants them. Nothing where one cannot be granted, but a line on stderr that names
 * the variable: what is in it may be a secret, misplaced.
 *
 * A script of its own with next to no imports, for it runs before every command; Deno's task shell has no other way to
 * leave out what is not set. Permission: env of the names.
 */
function run(words: readonly string[]): number {
  const paths = Object.entries(Object.assign({}, ...words.map((word) => PATHS[word]())) as Record<string, string>)
    .filter(([, path]) => path);
  const wrong = paths.find(([, path]) => UNGRANTABLE.test(path));
  if (wrong === undefined) print(paths.map(([, path]) => path).join(","));
  else {printError(
      `error: ${
        wrong[0]
      } names a path with a comma, or with blanks in a row, which deno task cannot grant: take another`,
    );}
  return wrong === undefined ? EXIT.ok : EXIT.config;
}

if (import.meta.main) Deno.exit(run(Deno.args));
