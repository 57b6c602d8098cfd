import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { EXIT, Failure } from "../errors.ts";
import { CREDENTIAL_FILES, env } from "./environment.ts";
import { shellWord } from "../shell_word.ts";
import { PROGRAM } from "./program.ts";

/**
 * The failure for a permission that the task does not grant: which one, and a command line that does.
 *
 * Permissions: env of the names it uses; without it they count as not set.
 */
export function permissionDenied(error: Error): Failure {
  const denied = /(read|write) access to "(.+)"/s.exec(error.message);
  if (denied === null) return new Failure(EXIT.failed, error.message.replace(/, run again.*/s, ""));
  const [, access, path] = denied;
  const folder = storageFlagIn(Deno.args) ?? path;
  if (folder.includes(",")) {
    return new Failure(EXIT.config, `Deno cannot grant a path with a comma, such as ${folder}: take another folder`);
  }
  if (PROGRAM !== undefined) {
    const remedy = "its own storage folder only: name the folder in STORAGE_DIR";
    return new Failure(EXIT.failed, `No ${access} access to ${path}: this program is granted ${remedy}`);
  }
  return new Failure(
    EXIT.failed,
    `No ${access} access to ${path}: this task is granted its own storage folder only. Set STORAGE_DIR, or run ` +
      grantingLine(folder, { writes: access === "write" || writesStorage() }),
  );
}

/** The `deno run` command that grants `folder` in addition to what the task grants. */
function grantingLine(folder: string, { writes }: { writes: boolean }): string {
  const usesKafka = Deno.permissions.querySync({ name: "net" }).state === "granted";
  const files = usesKafka ? [".stack/stack.json", ...CREDENTIAL_FILES.flatMap((name) => env(name) ?? [])] : [];
  const script = relative(join(import.meta.dirname!, "../.."), fileURLToPath(Deno.mainModule));
  return [
    "deno run -q --no-prompt",
    `-P=${usesKafka ? "kafka" : "files"}`,
    `--allow-read=${shellWord([...files, folder].join(","))}`,
    ...(writes ? [`--allow-write=${shellWord(folder)}`] : []),
    ...[decodeURIComponent(script), ...Deno.args].map(shellWord),
  ].join(" ");
}

function writesStorage(): boolean {
  return Deno.permissions.querySync({ name: "write", path: env("STORAGE_DIR") ?? "storage" }).state === "granted";
}

/** The folder that `--storage` names. Only for quoting it in the message: the parser decides what flags mean. */
function storageFlagIn(args: readonly string[]): string | undefined {
  const at = args.findLastIndex((arg) => arg === "--storage" || arg.startsWith("--storage="));
  if (at < 0) return undefined;
  return args[at] === "--storage" ? args[at + 1] : args[at].slice("--storage=".length);
}
