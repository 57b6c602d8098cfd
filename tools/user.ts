import { object, or } from "@optique/core/constructs";
import { command, constant, option } from "@optique/core/primitives";
import { choice, string } from "@optique/core/valueparser";
import { quoted, showBlanks } from "../lib/blank_edge.ts";
import { printJsonLines } from "../lib/cli/json_lines.ts";
import { main } from "../lib/cli/main.ts";
import { line, parseArgs } from "../lib/cli/parse.ts";
import { print } from "../lib/cli/print.ts";
import { storageFlag, storageSetting } from "../lib/cli/settings.ts";
import { printTable } from "../lib/cli/table.ts";
import { unknownName } from "../lib/cli/unknown_name.ts";
import { warn } from "../lib/cli/warn.ts";
import { EXIT, Failure } from "../lib/errors.ts";
import { editStorage } from "../lib/files/store/edit_storage.ts";
import { storageLayout } from "../lib/files/disk/layout.ts";
import { readUsers } from "../lib/files/read/read_storage.ts";
import { oddUsers, USER_STATUSES } from "../lib/files/csv/users_file.ts";
import { isValidName } from "../lib/order.ts";

const user = option("--user", string({ metavar: "NAME" }), { description: line("The user's name") });
const status = option("--status", choice(USER_STATUSES, { metavar: "STATUS" }), {
  description: line("Whether the user may order"),
});
const json = option("--json", { description: line("Print JSON") });

const parser = or(
  command("show", object({ action: constant("show"), json, ...storageFlag }), {
    description: line("Show all users and their statuses"),
  }),
  command("add", object({ action: constant("add"), user, status, ...storageFlag }), {
    description: line("Add a new user"),
  }),
  command("update", object({ action: constant("update"), user, status, ...storageFlag }), {
    description: line("Change the status of a user"),
  }),
  { errors: { noMatch: line("Say what to do: show, add or update.") } },
);

/**
 * Shows or edits `users.csv`, also while a consumer runs. Once an edit returns it is on the disk.
 *
 * Permissions: read and write of the storage folder; env STORAGE_DIR.
 */
export async function run(args: readonly string[], stop: AbortSignal): Promise<void> {
  const options = parseArgs(parser, args, {
    name: "user",
    brief: "Shows or edits the users who may order (storage/users.csv).",
    examples: [
      "deno task user show",
      "deno task user add --user dave --status paid",
      "deno task user update --user bob --status paid",
    ],
  });
  const folder = storageSetting(options);
  if (options.action === "show") return await show(folder, { json: options.json, stop });
  const { action, user: name, status: newStatus } = options;
  requireName(name);
  await editStorage(folder, ({ users }) => {
    const known = users.row(name) !== undefined;
    if (action === "add" && known) {
      throw new Failure(EXIT.usage, `The user ${quoted(name)} exists; change it with update`);
    }
    if (action === "update" && !known) throw unknownName("user", name, users.rows.map(({ key }) => key));
    if (known) users.set(name, "status", newStatus);
    else users.append({ user: name, status: newStatus });
  }, { warn });
  print(`${action === "add" ? "Added" : "Updated"} user ${showBlanks(name)}: ${newStatus}`);
}

async function show(folder: string, { json, stop }: { json: boolean; stop: AbortSignal }): Promise<void> {
  const users = readUsers(folder);
  for (const sentence of oddUsers(users, storageLayout(folder).users)) warn(sentence);
  if (json) return await printJsonLines([users.map(({ name, status }) => ({ user: name, status }))], stop);
  await printTable(["user", "status"], users.map(({ name, status }) => [name, status]), { things: "users", stop });
}

function requireName(name: string): void {
  if (isValidName(name)) return;
  throw new Failure(EXIT.usage, "A name has 1-256 characters, none of them invisible or a control character (--user)");
}

if (import.meta.main) await main(run);
