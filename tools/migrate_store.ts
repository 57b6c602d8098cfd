import { object } from "@optique/core/constructs";
import { option } from "@optique/core/primitives";
import { choice } from "@optique/core/valueparser";
import { databaseFlag, databaseSetting } from "../lib/cli/database_settings.ts";
import { escapeControls } from "../lib/cli/escape.ts";
import { printJson } from "../lib/cli/json_lines.ts";
import { showProgress } from "../lib/cli/long_work.ts";
import { main } from "../lib/cli/main.ts";
import { line, parseArgs } from "../lib/cli/parse.ts";
import { print } from "../lib/cli/print.ts";
import {
  groupFlag,
  groupSetting,
  kafkaFlags,
  kafkaSettings,
  storageFlag,
  storageSetting,
} from "../lib/cli/settings.ts";
import { table } from "../lib/cli/table.ts";
import { unlessStopped } from "../lib/cli/unless_stopped.ts";
import { warn } from "../lib/cli/warn.ts";
import type { DatabaseConnection, KafkaConnection } from "../lib/connections.ts";
import { EXIT, Failure } from "../lib/errors.ts";
import { FileSource } from "../lib/files/admin/file_source.ts";
import { FileTarget } from "../lib/files/admin/file_target.ts";
import { createKafka } from "../lib/kafka/client/client.ts";
import { withAdmin } from "../lib/kafka/client/disconnect.ts";
import { requireBrokers } from "../lib/kafka/client/require_brokers.ts";
import { requireEmptyGroup } from "../lib/kafka/consume/group_offsets.ts";
import { type Move, moveStore, type StoreSource, type StoreTarget } from "../lib/move_store.ts";
import { PostgresSource } from "../lib/postgres/admin/postgres_source.ts";
import { PostgresTarget } from "../lib/postgres/admin/postgres_target.ts";
import { TOOL_STATEMENT_TIMEOUT_MS } from "../lib/postgres/client/database.ts";
import { openDatabase } from "../lib/postgres/client/open_database.ts";
import { withStore } from "./open_store.ts";

const parser = object({
  to: option("--to", choice(["postgres", "files"], { metavar: "STORE" }), {
    description: line("Where to: from the storage folder to the database, or back"),
  }),
  json: option("--json", { description: line("Print the summary as JSON") }),
  ...kafkaFlags,
  ...groupFlag,
  ...storageFlag,
  ...databaseFlag,
}, { errors: { endOfInput: line("Say where to: --to postgres or --to files.") } });

export interface MigrateConfig {
  to: "postgres" | "files";
  storage: string;
  database: DatabaseConnection;
  kafka: KafkaConnection;
  group: string;
  json: boolean;
}

/**
 * Moves everything a store holds into one of the other kind, and sets the old one aside. If interrupted, run it again.
 *
 * Permissions: net; read and write of the storage folder; env as kafkajs and the settings need.
 */
export async function run(config: MigrateConfig, stop: AbortSignal): Promise<void> {
  await unlessStopped(move(config), stop);
}

async function move(config: MigrateConfig): Promise<void> {
  const { to, storage, json } = config;
  await requireNoConsumer(config);
  await requireSettled(config);
  const database = await openDatabase(config.database, { statementTimeoutMs: TOOL_STATEMENT_TIMEOUT_MS });
  const [source, target]: [StoreSource, StoreTarget] = to === "postgres"
    ? [new FileSource(storage, warn), new PostgresTarget(database)]
    : [new PostgresSource(database), new FileTarget(storage)];
  try {
    const moved = await moveStore(source, target, { begin: showProgress });
    if (json) printJson({ from: source.place, to: target.place, ...moved });
    else report(moved, source, target);
    if (to === "files") warn("While DATABASE_URL is set, every command uses the database: unset it to use the folder");
  } finally {
    await source.close();
    await target.close();
  }
}

/** The folder's lock keeps its consumer out; one on the database would be noticed only at the end: so check now. */
async function requireNoConsumer({ kafka, group }: MigrateConfig): Promise<void> {
  try {
    await requireBrokers(kafka);
  } catch (error) {
    if (!(error instanceof Failure) || error.exit !== EXIT.unavailable) throw error;
    return warn(`${error.message}; it is not known whether the group ${group} is active`);
  }
  await withAdmin(createKafka(kafka), (admin) => requireEmptyGroup(admin, group));
}

/** What a killed reset left in Kafka is undone with the notes of its own store only. */
async function requireSettled({ to, storage, database }: MigrateConfig): Promise<void> {
  const source = { storage, database: to === "postgres" ? undefined : database };
  const changes = await withStore(source, (store) => store.offsets.changes());
  const killed = changes.find(({ done }) => !done);
  if (killed === undefined) return;
  const { group, topic } = killed;
  throw new Failure(
    EXIT.busy,
    `A reset of ${group} in ${topic} was interrupted: let deno task consume --until-end end it first`,
  );
}

function report(move: Move | undefined, source: StoreSource, target: StoreTarget): void {
  const [from, to] = [source.place, target.place].map(escapeControls);
  if (move === undefined) return print(`The store is in ${to}: what was interrupted is done`);
  const rows = Object.keys(move.from).map((name) => [name, move.from[name], move.to[name]]);
  print(table(["", from, to], rows) + "\n");
  print(`The store is in ${to}; the old one was set aside in ${escapeControls(move.backup)}`);
}

export function configure(args: readonly string[]): MigrateConfig {
  const options = parseArgs(parser, args, {
    name: "migrate-store",
    brief: "Moves a store between the storage folder and PostgreSQL; interrupted, it is run again.",
    examples: [
      "DATABASE_URL=postgres://me@localhost/orders deno task migrate-store --to postgres",
      "DATABASE_URL=postgres://me@localhost/orders deno task migrate-store --to files",
    ],
  });
  const database = databaseSetting(options);
  if (database === undefined) {
    throw new Failure(EXIT.config, "Which database is meant? Set DATABASE_URL (or --database)");
  }
  const { kafka } = kafkaSettings(options);
  const { to, json } = options;
  return { to, storage: storageSetting(options), database, kafka, group: groupSetting(options), json };
}

if (import.meta.main) await main((args, stop) => run(configure(args), stop));
