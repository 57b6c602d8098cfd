import { object } from "@optique/core/constructs";
import { option } from "@optique/core/primitives";
import { counted } from "../lib/counted.ts";
import { escapeControls } from "../lib/cli/escape.ts";
import { printJson } from "../lib/cli/json_lines.ts";
import { showProgress } from "../lib/cli/long_work.ts";
import { main } from "../lib/cli/main.ts";
import { line, parseArgs } from "../lib/cli/parse.ts";
import { print, printError } from "../lib/cli/print.ts";
import { kafkaFlags, type KafkaSettings, kafkaSettings } from "../lib/cli/settings.ts";
import { table } from "../lib/cli/table.ts";
import { unlessStopped } from "../lib/cli/unless_stopped.ts";
import { warn } from "../lib/cli/warn.ts";
import { EXIT, Failure } from "../lib/errors.ts";
import { createKafka } from "../lib/kafka/client/client.ts";
import { describeHeldBack } from "../lib/kafka/consume/open_transactions.ts";
import {
  auditOffsets,
  type OffsetAudit,
  type PartitionAudit,
  VerdictOffsets,
} from "../lib/kafka/inspect/offset_audit.ts";
import { requireBrokers } from "../lib/kafka/client/require_brokers.ts";
import type { BalanceAudit } from "../lib/store_admin.ts";
import { storeFlags, type StoreSetting, storeSetting, withStore } from "./open_store.ts";

/** The most faults shown to a person; `--json` has them all. */
const SHOWN_FAULTS = 20;

const parser = object({
  json: option("--json", { description: line("Print JSON") }),
  offline: option("--offline", { description: line("Check the balance only, without a broker") }),
  verbose: option("--verbose", { description: line("Show every item and every fault") }),
  ...kafkaFlags,
  ...storeFlags,
});

export interface VerifyConfig extends KafkaSettings {
  store: StoreSetting;
  offline: boolean;
  json: boolean;
  verbose: boolean;
}

/**
 * Checks a store: for each item opening + edits - accepted = stock, and each record read has a verdict.
 *
 * Works on a snapshot, also while consumers run. Returns 1 if something is off. Permissions: net; those of
 * `withStore`; env as kafkajs and the settings need.
 */
export async function run(config: VerifyConfig, stop: AbortSignal): Promise<number> {
  return await unlessStopped(check(config), stop);
}

async function check(config: VerifyConfig): Promise<number> {
  const verdicts = new VerdictOffsets();
  const { positions, ...balance } = await withStore(config.store, (store) => store.audit(verdicts));
  const audit = config.offline ? undefined : await checkOffsets(config, positions, verdicts);
  const off = faultsOf(balance, audit?.positions);
  if (config.json) printJson({ ok: off.length === 0, ...balance, ...(audit && auditJson(audit)), faults: off });
  else report(balance, audit, off, config);
  return off.length === 0 ? EXIT.ok : EXIT.failed;
}

function auditJson({ positions, heldBack }: OffsetAudit) {
  return {
    positions: positions.map(({ deadLettered, ...position }) => ({ ...position, dead_lettered: deadLettered })),
    held_back: heldBack,
  };
}

async function checkOffsets(
  { kafka }: VerifyConfig,
  read: Parameters<typeof auditOffsets>[1],
  verdicts: VerdictOffsets,
): Promise<OffsetAudit | undefined> {
  try {
    await requireBrokers(kafka);
  } catch (error) {
    if (!(error instanceof Failure) || error.exit !== EXIT.unavailable) throw error;
    warn(`${error.message}; only the balance is checked`);
    return undefined;
  }
  return await auditOffsets(createKafka(kafka), read, { verdicts, begin: showProgress });
}

function faultsOf(balance: BalanceAudit, positions: readonly PartitionAudit[] = []): string[] {
  const items = balance.items.filter(({ expected, stock }) => expected !== stock);
  return [
    ...items.map(({ item, expected, stock }) =>
      `${item}: stock is ${stock ?? "gone"}, the journals say ${expected ?? "gone"}`
    ),
    ...balance.faults,
    ...positions.flatMap(({ topic, partition, missing }) =>
      missing.map((offset) => `${topic} partition ${partition} offset ${offset} was read but has no verdict`)
    ),
  ];
}

function report(
  balance: BalanceAudit,
  audit: OffsetAudit | undefined,
  off: string[],
  { verbose, store }: VerifyConfig,
) {
  const wrong = balance.items.filter(({ expected, stock }) => expected !== stock);
  const shown = verbose || balance.items.length <= SHOWN_FAULTS ? balance.items : wrong;
  if (shown.length > 0) {
    const rows = shown.map((row) => [row.item, row.opening, row.edits, row.accepted, row.stock ?? "gone", mark(row)]);
    print(table(["item", "opening", "edits", "accepted", "stock", ""], rows) + "\n");
  }
  if (audit === undefined) print("Offsets: not checked, there is no broker to ask");
  else if (audit.positions.length > 0) print(partitionTable(audit.positions) + "\n");
  for (const [topic, held] of Map.groupBy(audit?.heldBack ?? [], ({ topic }) => topic)) {
    print(`${describeHeldBack(topic, held)}: not read yet, so not checked\n`);
  }
  for (const fault of verbose ? off : off.slice(0, SHOWN_FAULTS)) printError(`off: ${escapeControls(fault)}`);
  if (!verbose && off.length > SHOWN_FAULTS) printError(`… and ${off.length - SHOWN_FAULTS} more (--verbose)`);
  if (wrong.length > 0 && store.database !== undefined) {
    printError("Stock that was changed past the tools is taken into the books by deno task inventory update");
  }
  const summary = `${counted(balance.items.length, "item")}, ${counted(balance.accepted, "accepted order")}`;
  print(off.length === 0 ? `verify: ok (${summary})` : `verify: ${off.length} off (${summary})`);
}

function mark({ expected, stock }: { expected: number | null; stock: number | null }): string {
  return expected === stock ? "ok" : `off, expected ${expected ?? "gone"}`;
}

function partitionTable(positions: readonly PartitionAudit[]): string {
  const columns = [
    "topic",
    "partition",
    "read",
    "records",
    "accepted",
    "rejected",
    "dead letters",
    "missing",
    "skipped",
  ];
  return table(
    columns,
    positions.map((row) => [
      row.topic,
      row.partition,
      row.ranges.map(({ from, to }) => `${from}-${to - 1}`).join(" "),
      row.records,
      row.accepted,
      row.rejected,
      row.deadLettered,
      row.missing.length,
      row.skipped.map(({ from, to }) => `${from}-${to - 1}`).join(" "),
    ]),
  );
}

export function configure(args: readonly string[]): VerifyConfig {
  const options = parseArgs(parser, args, {
    name: "verify",
    brief: "Checks that stock, log and topic agree: nothing lost, nothing doubled, every balance right.",
    examples: ["deno task verify", "deno task verify --json", "deno task verify --offline"],
  });
  const { offline, json, verbose } = options;
  return { ...kafkaSettings(options), store: storeSetting(options), offline, json, verbose };
}

if (import.meta.main) await main((args, stop) => run(configure(args), stop));
