import { blankEdge, quoted, showBlanks } from "../../blank_edge.ts";
import { PAID } from "../../decide_order.ts";
import { nameKey, type User } from "../../order.ts";
import { CsvDocument } from "./csv_document.ts";
import { blankEdgedNames, firstFew } from "./row_warnings.ts";

const COLUMNS = ["user", "status"] as const;

/** The statuses of a user; anything else in a hand-edited file counts as unpaid. */
export const USER_STATUSES = [PAID, "unpaid"] as const;
const KNOWN: ReadonlySet<string> = new Set(USER_STATUSES);

/** Parses `users.csv`; throws an `Outage` (65) that names file and line if it does not parse. */
export function parseUsers(bytes: Uint8Array, file: string): { document: CsvDocument; users: Map<string, User> } {
  const document = CsvDocument.parse(bytes, { file, required: COLUMNS });
  const users = new Map<string, User>();
  for (const row of document.rows) users.set(nameKey(row.key), { name: row.key, status: row.get("status") ?? "" });
  return { document, users };
}

export function emptyUsers(): CsvDocument {
  return CsvDocument.empty({ file: "users.csv", required: COLUMNS });
}

/** Oddities that are probably not meant: an unknown status, a name with a blank at an edge. */
export function oddUsers(users: readonly User[], file: string): string[] {
  const unknown = users.filter(({ status }) => !KNOWN.has(status)).map(({ name, status }) => {
    const edge = blankEdge(status);
    const why = edge === undefined ? "" : `: it ${edge}`;
    return `${file}: the status ${quoted(status)} of ${showBlanks(name)} is not known and counts as unpaid${why}`;
  });
  return [
    ...firstFew(unknown, (count) => `${file}: ${count} more have a status that is not known and count as unpaid`),
    ...blankEdgedNames("user", users.map(({ name }) => name), file),
  ];
}
