import { join } from "node:path";

/**
 * Lets `use` run a Java command with its arguments in a file that only the owner may read, because everybody can see
 * the arguments of a process. The file is removed afterwards.
 *
 * Permissions: write of `folder`.
 */
export async function withArgumentFile<T>(
  folder: string,
  [java, ...args]: readonly string[],
  use: (command: string[]) => Promise<T>,
): Promise<T> {
  const file = join(folder, "java.args");
  Deno.writeTextFileSync(file, args.map(quoted).join("\n"), { mode: 0o600 });
  try {
    return await use([java, `@${file}`]);
  } finally {
    Deno.removeSync(file);
  }
}

/** One argument in the syntax of Java's argument files. */
function quoted(argument: string): string {
  return `"${argument.replace(/[\\"]/g, "\\$&")}"`;
}
