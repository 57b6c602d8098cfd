import { object } from "@optique/core/constructs";
import { optional, withDefault } from "@optique/core/modifiers";
import { option } from "@optique/core/primitives";
import { integer, string } from "@optique/core/valueparser";
import type { StockAlteration } from "../lib/altered_stock.ts";
import { printJson } from "../lib/cli/json_lines.ts";
import { main } from "../lib/cli/main.ts";
import { line, parseArgs } from "../lib/cli/parse.ts";
import { showProgress } from "../lib/cli/long_work.ts";
import { sliceSetting } from "../lib/cli/slice_flags.ts";
import { warn } from "../lib/cli/warn.ts";
import { judgeAgain, type WhatIfReport } from "../lib/judge_again.ts";
import type { StoreContents } from "../lib/store_admin.ts";
import type { Alteration } from "../lib/what_if.ts";
import { storeFlags, type StoreSetting, storeSetting, withStore } from "./open_store.ts";
import { alteredStock, alteredUsers, numbersIn, requireKnown } from "./whatif/altered_files.ts";
import { printReport, reportJson } from "./whatif/report_text.ts";

const USUAL_LIMIT = 20;

const file = string({ metavar: "FILE" });

const parser = object({
  users: optional(option("--users", file, {
    description: line("The users there would have been all along, in a file like users.csv"),
  })),
  inventory: optional(option("--inventory", file, {
    description: line(
      "The quantities that the items would have been created with, in a file like inventory.csv; in a copy of it, " +
        "where as_of says when, your change is how much more or less there would have been all along",
    ),
  })),
  since: optional(option("--since", string({ metavar: "WHEN" }), {
    description: line(
      "Judge only orders created from then on (a time, or an age such as 15m), from the stock as it was then",
    ),
  })),
  limit: withDefault(
    option("--limit", integer({ metavar: "N", min: 0 }), { description: line("Show so many orders at most") }),
    USUAL_LIMIT,
  ),
  json: option("--json", { description: line("Print JSON") }),
  ...storeFlags,
});

export interface WhatIfConfig {
  store: StoreSetting;
  /** Paths of the altered files. */
  users: string | undefined;
  inventory: string | undefined;
  /** Milliseconds since the epoch. */
  since: number | undefined;
  limit: number;
  json: boolean;
}

/**
 * Judges the orders of a store once more, in memory, as if users or stock had been others, and shows which verdicts
 * would differ. Writes nothing.
 *
 * Permissions: read of the folder and the altered files, or net to the database.
 */
export async function run(config: WhatIfConfig, stop: AbortSignal): Promise<void> {
  const { store: setting, users, inventory, since, limit, json } = config;
  const stock = inventory === undefined ? undefined : alteredStock(inventory);
  const alteration: Alteration = { users: users === undefined ? undefined : alteredUsers(users), stock, since };
  if (users === undefined && inventory === undefined) warn("Nothing is altered: give --users or --inventory, or both");
  const reading = { asOf: stock && numbersIn(stock), stop };
  const report = await withStore(setting, (store) =>
    store.contents(async (contents) => {
      requireSense(contents, { inventory, stock, place: store.place });
      return await judgeAgain(contents, alteration, { limit, stop, progress: showProgress("Judging", "orders") });
    }, reading));
  await show(report, { json, stop });
}

async function show(report: WhatIfReport, { json, stop }: { json: boolean; stop: AbortSignal }): Promise<void> {
  if (json) printJson(reportJson(report));
  else await printReport(report, stop);
}

function requireSense(
  contents: StoreContents,
  { inventory, stock, place }: { inventory: string | undefined; stock: StockAlteration | undefined; place: string },
): void {
  if (stock !== undefined) requireKnown(inventory!, stock, contents);
  const isOff = contents.faults.length > 0 || contents.items.some(({ expected, stock }) => expected !== stock);
  if (isOff) {
    warn(`${place} does not add up, see deno task verify: what would have been is worked out from it as it is`);
  }
}

export function configure(args: readonly string[]): WhatIfConfig {
  const options = parseArgs(parser, args, {
    name: "whatif",
    brief: "Shows which verdicts would differ if users or stock had been others; judges in memory and writes nothing.",
    examples: [
      "deno task whatif --users storage/users.csv",
      "deno task whatif --inventory storage/inventory.csv --since 1h",
      "deno task whatif --users storage/users.csv --inventory storage/inventory.csv --limit 5 --json",
    ],
  });
  const { users, inventory, limit, json } = options;
  const { since } = sliceSetting({ since: options.since }, Date.now());
  return { store: storeSetting(options), users, inventory, since, limit, json };
}

if (import.meta.main) await main((args, stop) => run(configure(args), stop));
