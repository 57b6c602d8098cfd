import { CREDENTIAL_FILES } from "../lib/cli/environment.ts";
import { print, printError } from "../lib/cli/print.ts";
import { EXIT } from "../lib/errors.ts";

/**
 * What a task may read, by the words it gives: the settings of the local `stack`, the files of `credentials` that the
 * environment names, those of the `database` alone, the `storage` folder, the `schemas` to send orders with.
 */
const PATHS: Readonly<Record<string, () => Record<string, string | undefined>>> = {
  stack: () => ({ stack: ".stack/stack.json" }),
  credentials: () => Object.fromEntries(CREDENTIAL_FILES.map((name) => [name, Deno.env.get(name)])),
  database: () =>
    Object.fromEntries(
      CREDENTIAL_FILES.filter((name) => name.startsWith("DATABASE_")).map((name) => [name, Deno.env.get(name)]),
    ),
  schemas: () => ({ schemas: "schemas" }),
  storage: () => ({ STORAGE_DIR: Deno.env.get("STORAGE_DIR") || "storage" }),
};

/** Deno's list of paths has no escape for a comma, and its task shell collapses several blanks into one. */
const UNGRANTABLE = /,|^\s|\s$|\s\s|\n/;

/**
 * Prints the paths as `--allow-read` takes them. If one cannot be granted, prints only a line on stderr that names the
 * variable, not its value, which may be a misplaced secret.
 *
 * A separate script with few imports, because it runs before every command; Deno's task shell cannot leave out unset
 * variables by itself. Permission: env of the names.
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
