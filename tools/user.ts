import { object, or } from "@optique/core/constructs";
import { command, constant, option } from "@optique/core/primitives";
import { choice, string } from "@optique/core/valueparser";
import { quoted, showBlanks } from "../lib/blank_edge.ts";
import { printJsonLines } from "../lib/cli/json_lines.ts";
import { main } from "../lib/cli/main.ts";
import { line, parseArgs } from "../lib/cli/parse.ts";
import { print } from "../lib/cli/print.ts";
import { printTable } from "../lib/cli/table.ts";
import { unknownName } from "../lib/cli/unknown_name.ts";
import { USER_STATUSES } from "../lib/decide_order.ts";
import { EXIT, Failure } from "../lib/errors.ts";
import { isValidName } from "../lib/order.ts";
import type { StoreAdmin } from "../lib/store_admin.ts";
import { storeFlags, storeSetting, withStore } from "./open_store.ts";

const user = option("--user", string({ metavar: "NAME" }), { description: line("The user's name") });
const status = option("--status", choice(USER_STATUSES, { metavar: "STATUS" }), {
  description: line("Whether the user may order"),
});
const json = option("--json", { description: line("Print JSON") });

const parser = or(
  command("show", object({ action: constant("show"), json, ...storeFlags }), {
    description: line("Show all users and their statuses"),
  }),
  command("add", object({ action: constant("add"), user, status, ...storeFlags }), {
    description: line("Add a new user"),
  }),
  command("update", object({ action: constant("update"), user, status, ...storeFlags }), {
    description: line("Change the status of a user"),
  }),
  { errors: { noMatch: line("Say what to do: show, add or update.") } },
);

/**
 * Shows or edits the users, also while consumers run. An edit that returns is durable.
 *
 * Permissions: those of `withStore`.
 */
export async function run(args: readonly string[], stop: AbortSignal): Promise<void> {
  const options = parseArgs(parser, args, {
    name: "user",
    brief: "Shows or edits the users who may order (storage/users.csv, or the database).",
    examples: [
      "deno task user show",
      "deno task user add --user dave --status paid",
      "deno task user update --user bob --status paid",
    ],
  });
  if (options.action === "show") {
    return await withStore(storeSetting(options), (store) => show(store, { json: options.json, stop }));
  }
  const { action, user: name, status: newStatus } = options;
  requireName(name);
  const outcome = await withStore(
    storeSetting(options),
    (store) => store.editUser({ action, name, status: newStatus }),
  );
  if (!outcome.done) {
    if (action === "update") throw unknownName("user", name, outcome.names);
    throw new Failure(EXIT.usage, `The user ${quoted(name)} exists; change it with deno task user update`);
  }
  print(`${action === "add" ? "Added" : "Updated"} user ${showBlanks(name)}: ${newStatus}`);
}

async function show(store: StoreAdmin, { json, stop }: { json: boolean; stop: AbortSignal }): Promise<void> {
  const users = await store.users();
  if (json) return await printJsonLines([users.map(({ name, status }) => ({ user: name, status }))], stop);
  await printTable(["user", "status"], users.map(({ name, status }) => [name, status]), { things: "users", stop });
}

function requireName(name: string): void {
  if (isValidName(name)) return;
  throw new Failure(EXIT.usage, "A name has 1-256 characters, none of them invisible or a control character (--user)");
}

if (import.meta.main) await main(run);
